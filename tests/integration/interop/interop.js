// gRPC's interoperability cases with @grpc/grpc-js.
//
//   interop.js serve NAME          a server that describes itself (grpc.reflection); says "listening PORT", then what it sees
//   interop.js call ADDRESS CASE…  a client; one JSON line for each case
//
// The cases are those of grpc/doc/interop-test-descriptions.md, without the ones on authentication.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { ReflectionService } = require('@grpc/reflection');

const definition =
  loader.loadSync(path.join(__dirname, 'messages.proto'), { keepCase: true, defaults: true });
const { testing } = grpc.loadPackageDefinition(definition).grpc;
const INITIAL = 'x-grpc-test-echo-initial';
const TRAILING = 'x-grpc-test-echo-trailing-bin';
const SPECIAL = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
const WAIT_MS = 60_000;

const say = (line) => process.stdout.write(line + '\n');
const payload = (size) => ({ body: Buffer.alloc(size) });
const sizeOf = (message) => message.payload?.body.length ?? 0;

// ---- the server ---------------------------------------------------------------------------------

// Metadata as the cases ask for it, and who it was. Answers with the trailing metadata.
function begin(call, name, method) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  initial.set('x-served-by', name);
  for (const value of call.metadata.get(INITIAL)) initial.set(INITIAL, value);
  for (const value of call.metadata.get(TRAILING)) trailing.set(TRAILING, value);
  call.sendMetadata(initial);
  say(`${call.metadata.get('x-banyan-shadow').length > 0 ? 'copy' : 'call'} ${method}`);
  call.on('cancelled', () => say(`over ${method}`));  // also where all went well
  return trailing;
}

const failureOf = (status, metadata) => ({ code: status.code, details: status.message, metadata });

function implementation(name) {
  return {
    EmptyCall(call, done) {
      done(null, {}, begin(call, name, 'EmptyCall'));
    },
    UnaryCall(call, done) {
      const trailing = begin(call, name, 'UnaryCall');
      const { response_status: status, response_size: size } = call.request;
      if (status) return done(failureOf(status, trailing));
      const answer = { payload: payload(size) };
      if (call.request.fill_username) answer.username = name;  // '' would be sent, too
      done(null, answer, trailing);
    },
    StreamingInputCall(call, done) {
      const trailing = begin(call, name, 'StreamingInputCall');
      let size = 0;
      call.on('data', (request) => { size += sizeOf(request); });
      call.on('end', () => done(null, { aggregated_payload_size: size }, trailing));
    },
    StreamingOutputCall(call) {
      const trailing = begin(call, name, 'StreamingOutputCall');
      for (const { size } of call.request.response_parameters) call.write({ payload: payload(size) });
      call.end(trailing);
    },
    FullDuplexCall(call) {
      const trailing = begin(call, name, 'FullDuplexCall');
      call.on('data', (request) => {
        for (const { size } of request.response_parameters) call.write({ payload: payload(size) });
        const status = request.response_status;
        if (status) call.emit('error', failureOf(status, trailing));
      });
      call.on('end', () => call.end(trailing));
    },
  };
}

function serve(name) {
  const server = new grpc.Server();
  server.addService(testing.TestService.service, implementation(name));
  new ReflectionService(definition).addToServer(server);
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    say(`listening ${port}`);
  });
  process.stdin.resume().on('end', () => process.exit(0));  // until whoever started it is done
}

// ---- the client ---------------------------------------------------------------------------------

class Client {
  constructor(address) {
    this.stub = new testing.TestService(address, grpc.credentials.createInsecure());
    this.other = new testing.UnimplementedService(address, grpc.credentials.createInsecure());
    this.servedBy = new Set();
  }

  close() {
    this.stub.close();
    this.other.close();
  }

  watch(call) {
    const told = { initial: null, status: null };
    call.on('metadata', (metadata) => {
      told.initial = metadata;
      for (const name of metadata.get('x-served-by')) this.servedBy.add(name);
    });
    call.on('status', (status) => { told.status = status; });
    return told;
  }

  // {error, answer, told} of a call with one answer; `told` is whole, since the status comes last.
  single(method, request, { metadata = new grpc.Metadata(), stub = this.stub } = {}) {
    return new Promise((resolve) => {
      let result;
      const call = stub[method](request, metadata, deadline(), (error, answer) => {
        result = { error, answer };
      });
      const told = this.watch(call);
      call.on('status', () => setImmediate(() => resolve({ ...result, told })));
    });
  }

  duplex(options = deadline(), metadata = new grpc.Metadata()) {
    const call = this.stub.FullDuplexCall(metadata, options);
    return new Stream(call, this.watch(call));
  }
}

const deadline = (ms = WAIT_MS) => ({ deadline: Date.now() + ms });

// A call with many answers, taken one by one.
class Stream {
  constructor(call, told) {
    this.call = call;
    this.told = told;
    this.answers = [];
    this.over = new Promise((resolve) => call.on('status', resolve));
    this.wake = () => {};
    call.on('data', (answer) => { this.answers.push(answer); this.wake(); });
    call.on('error', () => {});  // the status says it
  }

  async next() {
    if (this.answers.length === 0) {
      await Promise.race([new Promise((resolve) => { this.wake = resolve; }), this.over]);
    }
    assert.ok(this.answers.length > 0, `over: ${JSON.stringify(this.told.status)}`);
    return this.answers.shift();
  }
}

const output = (sizes, sent = 0) =>
  ({ response_parameters: sizes.map((size) => ({ size })), payload: payload(sent) });

async function expectStatus(client, status) {
  const { error } = await client.single('UnaryCall', { response_status: status });
  assert.deepEqual({ code: error.code, message: error.details }, status);
}

const CASES = {
  async empty_unary(client) {
    const { error, answer } = await client.single('EmptyCall', {});
    assert.ifError(error);
    assert.deepEqual(answer, {});
  },
  async large_unary(client) {
    const { error, answer } =
      await client.single('UnaryCall', { response_size: 314159, payload: payload(271828) });
    assert.ifError(error);
    assert.equal(sizeOf(answer), 314159);
  },
  async client_streaming(client) {
    const answer = await new Promise((resolve, reject) => {
      const call = client.stub.StreamingInputCall(deadline(), (error, got) =>
        (error ? reject(error) : resolve(got)));
      client.watch(call);
      for (const size of [27182, 8, 1828, 45904]) call.write({ payload: payload(size) });
      call.end();
    });
    assert.equal(answer.aggregated_payload_size, 74922);
  },
  async server_streaming(client) {
    const sizes = [31415, 9, 2653, 58979];
    const call = client.stub.StreamingOutputCall(output(sizes), deadline());
    const stream = new Stream(call, client.watch(call));
    assert.equal((await stream.over).code, grpc.status.OK);
    assert.deepEqual(stream.answers.map(sizeOf), sizes);
  },
  async ping_pong(client) {
    const stream = client.duplex();
    for (const [size, sent] of [[31415, 27182], [9, 8], [2653, 1828], [58979, 45904]]) {
      stream.call.write(output([size], sent));
      assert.equal(sizeOf(await stream.next()), size);
    }
    stream.call.end();
    assert.equal((await stream.over).code, grpc.status.OK);
    assert.equal(stream.answers.length, 0);
  },
  async empty_stream(client) {
    const stream = client.duplex();
    stream.call.end();
    assert.equal((await stream.over).code, grpc.status.OK);
    assert.equal(stream.answers.length, 0);
  },
  // Not the 1 ms of the description: within it nothing might leave the client.
  async timeout_on_sleeping_server(client) {
    const stream = client.duplex(deadline(300));
    stream.call.write(output([], 27182));
    assert.equal((await stream.over).code, grpc.status.DEADLINE_EXCEEDED);
  },
  async cancel_after_begin(client) {
    const error = await new Promise((resolve) => {
      const call = client.stub.StreamingInputCall(deadline(), resolve);
      client.watch(call);
      call.on('metadata', () => call.cancel());  // the server has begun
    });
    assert.equal(error.code, grpc.status.CANCELLED);
  },
  async cancel_after_first_response(client) {
    const stream = client.duplex();
    stream.call.write(output([31415], 27182));
    assert.equal(sizeOf(await stream.next()), 31415);
    stream.call.cancel();
    assert.equal((await stream.over).code, grpc.status.CANCELLED);
  },
  async status_code_and_message(client) {
    const status = { code: 2, message: 'test status message' };
    await expectStatus(client, status);
    const stream = client.duplex();
    stream.call.write({ response_status: status });
    stream.call.end();
    const { code, details } = await stream.over;
    assert.deepEqual({ code, message: details }, status);
  },
  async special_status_message(client) {
    await expectStatus(client, { code: 2, message: SPECIAL });
  },
  async custom_metadata(client) {
    const metadata = new grpc.Metadata();
    metadata.set(INITIAL, 'test_initial_metadata_value');
    metadata.set(TRAILING, Buffer.from('ababab', 'hex'));
    const check = (told) => {
      assert.deepEqual(told.initial.get(INITIAL), ['test_initial_metadata_value']);
      assert.deepEqual(told.status.metadata.get(TRAILING), [Buffer.from('ababab', 'hex')]);
    };
    const { error, told } = await client.single(
      'UnaryCall', { response_size: 314159, payload: payload(271828) }, { metadata });
    assert.ifError(error);
    check(told);
    const stream = client.duplex(deadline(), metadata);
    stream.call.write(output([314159], 271828));
    stream.call.end();
    await stream.over;
    assert.equal(stream.answers.length, 1);
    check(stream.told);
  },
  async unimplemented_method(client) {
    const { error } = await client.single('UnimplementedCall', {});
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },
  async unimplemented_service(client) {
    const { error } = await client.single('UnimplementedCall', {}, { stub: client.other });
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },
};

async function call(address, names) {
  for (const name of names) {
    const client = new Client(address);
    const started = Date.now();
    let failure = null;
    try {
      await CASES[name](client);
    } catch (error) {
      failure = String(error.message ?? error);
    }
    client.close();
    const seconds = (Date.now() - started) / 1000;
    say(JSON.stringify({ case: name, failure, served_by: [...client.servedBy].sort(), seconds }));
  }
  process.exit(0);
}

if (process.argv[2] === 'serve') {
  serve(process.argv[3]);
} else {
  call(process.argv[3], process.argv.slice(4));
}
