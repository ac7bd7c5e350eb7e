'use strict';
// A Stagecast event channel and a Users server, as their documents describe them, on npm's `ws`.
//
//   node server.js '{"kind":"stagecast","port":0,"accounts":{"a@example.org":"secret"},"tokens":["good"],"binaryOk":false,
//                    "refusal":"silence"}'
//   node server.js '{"kind":"users","port":0,"origins":["^trusted"],"deaf":200,"echo":true,"key":"","loseEvery":0}'
//
// Orders come on stdin, one JSON object a line; each is answered by one line on stdout with the same `id`.
// TRIBUTARY_NODE_MODULES: the folder tests/test-tools filled.

const http = require('http');
const path = require('path');
const readline = require('readline');
const {WebSocketServer} = require(path.join(process.env.TRIBUTARY_NODE_MODULES, 'ws'));

const options = {kind: 'stagecast', port: 0, accounts: {}, tokens: [], binaryOk: false, refusal: 'silence',
  origins: ['.*'], deaf: 0, echo: true, key: '', loseEvery: 0, ...JSON.parse(process.argv[2] || '{}')};
const counts = {connections: 0, recognised: 0, refused: 0, heard: 0, probes: 0, broadcasts: 0};
const members = new Set();  // who is told everything: {socket, channel, name, handlers}

function answer(value) { process.stdout.write(JSON.stringify(value) + '\n'); }

function parsed(text) {
  try {
    return {json: true, value: JSON.parse(text)};
  } catch (fault) {
    return {json: false, value: text};
  }
}

// ── Stagecast ────────────────────────────────────────────────────────────────────────────────────────────────────────

function nameOf(said) {
  if (said === null || typeof said !== 'object') return '';
  if (typeof said.token === 'string') return options.tokens.includes(said.token) ? 'token:' + said.token : '';
  return said.email in options.accounts && options.accounts[said.email] === said.password ? said.email : '';
}

function passOn(from, text) {
  const {json, value} = parsed(text);
  const direct = json && value !== null && typeof value === 'object' && 'to' in value && 'message' in value;
  const told = direct ? JSON.stringify(value.message) : json ? text : JSON.stringify(text);
  for (const member of members) {
    if (member === from || member.channel !== from.channel || (direct && member.name !== value.to)) continue;
    member.socket.send(`{"from":"127.0.0.1","msg":${told}}`);
  }
}

function stagecast(socket, request) {
  const member = {socket, channel: request.url, name: '', handlers: 1};
  members.add(member);
  socket.on('close', () => members.delete(member));
  socket.on('message', (data) => {
    counts.heard += 1;
    const text = data.toString();
    if (member.name) return passOn(member, text);
    member.name = nameOf(parsed(text).value);
    if (member.name) {
      counts.recognised += 1;
      return socket.send(options.binaryOk ? Buffer.from('ok') : 'ok');
    }
    counts.refused += 1;
    if (options.refusal === 'close') socket.close(1008, 'not authorised');
  });
}

// ── Users ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function users(socket, request) {
  const origin = request.headers.origin || '';
  const known = !options.key || request.headers['users-api-key'] === options.key;
  const handlers = known ? options.origins.filter((pattern) => new RegExp(pattern).test(origin)).length : 0;
  if (handlers === 0) {
    counts.refused += 1;
    return socket.terminate();
  }
  const member = {socket, channel: '', name: origin, handlers};
  members.add(member);
  counts.recognised += 1;
  socket.on('close', () => members.delete(member));
  const attach = () => {
    for (let i = 0; i < handlers; ++i) socket.on('message', (data) => echo(member, data.toString()));
  };
  if (options.deaf) setTimeout(attach, options.deaf); else attach();
}

function echo(member, text) {
  counts.heard += 1;
  const {value} = parsed(text);
  const understood = value !== null && typeof value === 'object' && Number(value.eventType) === 10 &&
      typeof value.message === 'string';
  if (!understood || !options.echo) return;
  if (value.broadcast === true && options.loseEvery && ++counts.broadcasts % options.loseEvery === 0) return;
  const frame = JSON.stringify({eventType: 10, message: value.message});
  if (value.broadcast !== true) return member.socket.send(frame);
  for (const each of members) each.socket.send(frame);
}

// ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const server = http.createServer((request, response) => response.writeHead(426).end());
const sockets = new WebSocketServer({server, perMessageDeflate: true});
sockets.on('connection', (socket, request) => {
  counts.connections += 1;
  socket.on('error', () => {});
  (options.kind === 'users' ? users : stagecast)(socket, request);
});

const orders = {
  stats: () => ({...counts, open: members.size}),
  // Writes texts to everyone, each as often as they have handlers.
  say: ({texts}) => {
    for (const text of texts) {
      for (const member of members) {
        for (let i = 0; i < member.handlers; ++i) member.socket.send(text);
      }
    }
    return {};
  },
  binary: ({hex}) => {
    for (const member of members) member.socket.send(Buffer.from(hex, 'hex'));
    return {};
  },
  cut: () => {
    for (const member of members) member.socket.terminate();
    return {};
  },
};

readline.createInterface({input: process.stdin}).on('line', (line) => {
  const order = JSON.parse(line);
  try {
    answer({id: order.id, ...orders[order.order](order)});
  } catch (fault) {
    answer({id: order.id, fault: String(fault)});
  }
}).on('close', () => process.exit(0));
server.listen(options.port, '127.0.0.1', () => answer({id: 0, port: server.address().port}));
