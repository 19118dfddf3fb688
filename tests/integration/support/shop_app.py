"""What stands for the services of the shop: run as `shop_app.py NAME PORT`. Says who it is, is slow where
it is asked to, and ends well: on SIGTERM it takes no more connections, asks those it has to close with
their next answer, and waits for them."""
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 10  # with connections that idle
BODY = b'{"total": 12}\n'


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name, port):
        super().__init__(("0.0.0.0", port), Handler)
        self.name, self.stopping = name, False
        self.open, self.changed = 0, threading.Condition()

    def count(self, by):
        with self.changed:
            self.open += by
            self.changed.notify_all()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self):
        self.server.count(1)
        super().setup()

    def finish(self):
        super().finish()
        self.server.count(-1)

    def do_GET(self):
        if "/slow/" in self.path:
            time.sleep(float(self.path.rsplit("/", 1)[1]))  # its own work
        self.send_response(200)
        self.send_header("X-Served-By", self.server.name)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        if self.server.stopping:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(BODY)
        self.wfile.flush()

    def log_message(self, *_):
        pass


def main():
    server = Server(sys.argv[1], int(sys.argv[2]))

    def stop(*_):
        server.stopping = True
        threading.Thread(target=server.shutdown).start()
    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    with server.changed:
        server.changed.wait_for(lambda: server.open == 0, timeout=PATIENCE_S)


if __name__ == "__main__":
    main()
