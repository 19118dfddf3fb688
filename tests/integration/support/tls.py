"""Certificates of the moment, made by the openssl command, and both ends of TLS."""
import itertools
import ssl
import subprocess
from pathlib import Path

from .http import Connection
from .upstream import Upstream

NAMES = "DNS:shop.test,DNS:localhost,IP:127.0.0.1"
_serials = itertools.count(1000)


def openssl(*arguments, stdin=b"", check=True):
    done = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=60, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


class Authority:
    """A CA in its own folder."""

    def __init__(self, directory, name="ca"):
        self.dir = Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.file = self.dir / f"{name}.crt"
        openssl("req", "-x509", *self._new_key(name), "-out", self.file, "-days", 2,
                "-subj", f"/CN={name} {next(_serials)}")

    def _new_key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.dir / f"{name}.key")

    def issue(self, name, names=NAMES, days=2):
        """(certificate, key) as paths; issuing a name again replaces its files at once."""
        request, extensions = self.dir / f"{name}.csr", self.dir / f"{name}.ext"
        made, key = self.dir / f"{name}.new.crt", self.dir / f"{name}.new.key"
        openssl("req", *self._new_key(name + ".new"), "-out", request, "-subj", f"/CN={name}")
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey",
                self.dir / f"{self.name}.key", "-set_serial", next(_serials), "-days", days,
                "-extfile", extensions, "-out", made)
        paths = self.dir / f"{name}.crt", self.dir / f"{name}.key"
        made.rename(paths[0])
        key.rename(paths[1])
        return tuple(map(str, paths))


def serial_of(certificate):
    return openssl("x509", "-in", certificate, "-noout", "-serial").stdout.decode().strip()


def client_context(ca=None, identity=None, maximum=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca.file)
    if identity:
        context.load_cert_chain(*identity)
    if maximum:
        context.maximum_version = maximum
    return context


class TlsConnection(Connection):
    def __init__(self, address, context, name="shop.test", **keys):
        super().__init__(address, **keys)
        try:
            # An end without close_notify is an error, not an end.
            self.sock = context.wrap_socket(self.sock, server_hostname=name,
                                            suppress_ragged_eofs=False)
        except (ssl.SSLError, OSError):
            self.close()
            raise

    @property
    def serial(self):
        return "serial=" + self.sock.getpeercert()["serialNumber"]


class TlsUpstream(Upstream):
    """Its certificate is `identity`; with `client_ca` it wants one of its clients."""

    def __init__(self, name, identity, behaviour=None, client_ca=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*identity)
        if client_ca:
            self.context.load_verify_locations(client_ca.file)
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.names_asked = []
        self.peers = []
        self.resumed = 0
        self.context.sni_callback = lambda sock, asked, context: self.names_asked.append(asked)
        super().__init__(name, behaviour)

    def _serve(self, sock, number):
        try:
            sock = self.context.wrap_socket(sock, server_side=True)
        except (ssl.SSLError, OSError):
            sock.close()
            with self._lock:
                self._open.pop(number, None)
            return
        self.resumed += 1 if sock.session_reused else 0
        self.peers.append(sock.getpeercert())
        with self._lock:
            self._open[number] = sock
        super()._serve(sock, number)
