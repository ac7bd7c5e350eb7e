'use strict';
// StreamElements' side of the realtime socket on a real Socket.IO server.
//
//   node server.js '{"version":2,"port":0,"pingInterval":25000,"pingTimeout":5000,"allowEIO3":true,"log":"emitted.jsonl",
//                    "seed":1,"channels":["<24 hex>"],"tokens":{"jwt":["good"]},"tls":{"key":"…","cert":"…"}}'
//
// Orders come on stdin, one JSON object a line; each is answered by one line on stdout with the same `id`. What was
// emitted to whom is in the log, a JSON line for each: {"at":ms,"sockets":[…],"arguments":[…]}.
// TRIBUTARY_NODE_MODULES: the folder tests/test-tools filled.

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const {performance} = require('perf_hooks');
const {Activities} = require('./activities.js');

const options = {port: 0, version: 2, allowEIO3: true, pingInterval: 25000, pingTimeout: 5000, seed: 1,
  channels: ['5eb8a1f0c2d3e4f5a6b7c8d9'], tokens: {jwt: ['good']}, soft: false, ...JSON.parse(process.argv[2] || '{}')};
const socketio = require(path.join(process.env.TRIBUTARY_NODE_MODULES, `socket.io-v${options.version}`));

const log = options.log ? fs.openSync(options.log, 'a') : null;
const activities = new Activities(options.seed, options.channels);
const counts = {connections: 0, authenticated: 0, refused: 0, emitted: 0, pings: 0, pongs: 0, disconnects: []};
const live = new Map();  // socket id → socket, authenticated ones only
let http, io, tcp, silent = false;
let port = options.port;

function answer(value) { process.stdout.write(JSON.stringify(value) + '\n'); }

function authenticate(socket, said) {
  if (silent) return;
  const {method, token} = said || {};
  if ((options.tokens[method] || []).includes(token)) {
    counts.authenticated += 1;
    live.set(socket.id, socket);
    socket.emit('authenticated', {clientId: socket.id, channelId: options.channels[0], project: 'realtime',
      message: 'You are in a maze of dank memes, all alike.'});
    return;
  }
  counts.refused += 1;
  if (options.unauthorized === 'nothing') socket.emit('unauthorized');
  else socket.emit('unauthorized', options.unauthorized || {message: 'Invalid token'});
  if (!options.soft) setTimeout(() => socket.disconnect(true), 20);
}

function connected(socket) {
  counts.connections += 1;
  counts.query = socket.handshake.query;
  // Both engines hand every packet of the transport to whoever listens: the client's pings (EIO3) and pongs (EIO4).
  socket.conn.on('packet', (packet) => {
    if (packet.type === 'ping') counts.pings += 1;
    if (packet.type === 'pong') counts.pongs += 1;
  });
  socket.on('authenticate', (said) => authenticate(socket, said));
  socket.on('disconnect', (why) => {
    live.delete(socket.id);
    counts.disconnects.push(why);
  });
}

function listen(done) {
  const tls = options.tls;
  http = tls ? require('https').createServer({key: fs.readFileSync(tls.key), cert: fs.readFileSync(tls.cert)})
             : require('http').createServer();
  tcp = new Set();
  http.on(tls ? 'secureConnection' : 'connection', (stream) => {
    tcp.add(stream);
    stream.on('close', () => tcp.delete(stream));
    stream.on('error', () => {});
  });
  const settings = {pingInterval: options.pingInterval, pingTimeout: options.pingTimeout, transports: ['websocket'],
    serveClient: false, perMessageDeflate: options.deflate === true};
  if (options.version >= 3) {
    io = new socketio.Server(http, {...settings, allowEIO3: options.allowEIO3});
  } else {
    io = socketio(http, settings);
  }
  io.on('connection', connected);
  http.on('error', (fault) => { answer({fault: String(fault)}); process.exit(1); });
  http.listen(port, '127.0.0.1', () => {
    port = http.address().port;
    done();
  });
}

function close(done) {
  live.clear();
  for (const stream of tcp) stream.destroy();
  io.close();
  http.close(() => done());
}

function emit(args) {
  const sockets = [...live.values()];
  if (log !== null) fs.writeSync(log, JSON.stringify({at: Date.now(), sockets: sockets.map((s) => s.id), arguments: args}) + '\n');
  for (const socket of sockets) socket.emit(...args);
  counts.emitted += 1;
}

function burst(order, reply) {  // {count, per_turn, pause}: `per_turn` emissions, then `pause` ms
  let left = order.count;
  const turn = () => {
    for (let i = 0; i < (order.per_turn || 500) && left > 0; i++, left--) emit(activities.next());
    if (left > 0) setTimeout(turn, order.pause || 1);
    else reply();
  };
  turn();
}

// {rate, plain}: so many emissions a second from now on, until the next order of this kind; 0: none. What the server could
// not write in time is written as soon as it can. `plain`: activities alone, each with an id of its own.
let pace = null;
function paced(order, reply) {
  clearInterval(pace);
  if (order.rate > 0) {
    const began = performance.now();
    let done = 0;
    pace = setInterval(() => {
      const due = Math.floor((performance.now() - began) / 1000 * order.rate);
      for (; done < due; done++) emit(order.plain ? ['event', activities.activity()] : activities.next());
    }, 5);
  }
  reply();
}

// Answers when every connection has read all that was emitted so far: it acknowledges an event that wants that.
function sync(order, reply) {
  let left = live.size;
  if (left === 0) reply();
  for (const socket of live.values()) socket.emit('event:somethingElse', {}, () => { if (--left === 0) reply(); });
}

const orders = {
  emit: burst,
  pace: paced,
  sync,
  say(order, reply) { emit(order.arguments); reply(); },
  stats(order, reply) { reply({...counts, live: live.size, port}); },
  restart(order, reply) { close(() => setTimeout(() => listen(reply), order.down || 0)); },
  cut(order, reply) { for (const stream of tcp) stream.destroy(); reply(); },
  disconnect(order, reply) { for (const socket of [...live.values()]) socket.disconnect(order.hard === true); reply(); },
  unauthorized(order, reply) { for (const socket of live.values()) socket.emit('unauthorized', {message: 'revoked'}); reply(); },
  tokens(order, reply) { options.tokens = order.tokens; reply(); },
  silence(order, reply) { silent = order.on; reply(); },
};

readline.createInterface({input: process.stdin}).on('line', (line) => {
  const order = JSON.parse(line);
  orders[order.order](order, (more) => answer({id: order.id, ...more}));
}).on('close', () => process.exit(0));

listen(() => answer({id: 0, port}));
