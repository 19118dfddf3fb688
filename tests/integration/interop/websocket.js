// Both ends of a WebSocket, of npm's `ws`.
//   node websocket.js serve        echoes; the first line says {"port": …}
//   node websocket.js ask URL …    talks to an echo at each URL at once; a JSON line for each
'use strict';
const { WebSocket, WebSocketServer } = require('ws');

const MESSAGE_BYTES = 1 << 20;
const ROUNDS = 20;

function serve() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'echo' });
  server.on('connection', (socket, request) => {
    socket.send(JSON.stringify({ path: request.url, client: request.headers['x-forwarded-for'] }));
    socket.on('message', (data, isBinary) => {
      if (!isBinary && data.toString() === 'close') return socket.close(4001, 'as asked');
      socket.send(data, { binary: isBinary });
    });
  });
  server.on('listening', () => console.log(JSON.stringify({ port: server.address().port })));
}

// Hello, a ping, text, binary and large messages, then a close with a code from the other end.
function ask(url) {
  return new Promise((done) => {
    const said = { url, echoed: 0 };
    const socket = new WebSocket(url, ['echo'], { perMessageDeflate: true });
    const large = Buffer.alloc(MESSAGE_BYTES, 0xa5);
    let round = 0;
    const next = () => socket.send(round % 2 ? large.subarray(round) : `text ${round}`);
    socket.on('open', () => { said.protocol = socket.protocol; socket.ping('p'); });
    socket.on('pong', (data) => { said.pong = data.toString(); });
    socket.on('message', (data, isBinary) => {
      if (!said.hello) {
        said.hello = JSON.parse(data.toString());
        return next();
      }
      const right = isBinary ? data.equals(large.subarray(round)) : data.toString() === `text ${round}`;
      if (right) said.echoed += 1;
      round += 1;
      if (round < ROUNDS) next(); else socket.send('close');
    });
    socket.on('close', (code, reason) => done({ ...said, code, reason: reason.toString() }));
    socket.on('unexpected-response', (request, response) => done({ ...said, status: response.statusCode }));
    socket.on('error', (error) => { said.error = error.message; });
  });
}

const [command, ...urls] = process.argv.slice(2);
if (command === 'serve') {
  serve();
} else {
  for (const url of urls) ask(url).then((said) => console.log(JSON.stringify(said)));
}
