'use strict';
// DLive's side of the legacy graphql-ws protocol on subscriptions-transport-ws, the library that made it.
//
//   node server.js '{"port":0,"keepAlive":25000,"tokens":["good"],"log":"emitted.jsonl","seed":1}'
//
// Like DLive it sends every field whatever is selected. Orders come on stdin, one JSON object a line; each is answered by
// one line on stdout with the same `id`. What was emitted is in the log, a JSON line for each:
// {"at":ms,"streamer":…,"field":…,"sockets":n,"value":…}. TRIBUTARY_NODE_MODULES: the folder tests/test-tools filled.

const fs = require('fs');
const http = require('http');
const path = require('path');
const readline = require('readline');
const {Messages} = require('./messages.js');

const modules = process.env.TRIBUTARY_NODE_MODULES;
const {buildSchema} = require(path.join(modules, 'graphql'));
const {SubscriptionServer} = require(path.join(modules, 'subscriptions-transport-ws'));

const options = {port: 0, keepAlive: 25000, tokens: null, seed: 1, ...JSON.parse(process.argv[2] || '{}')};
const log = options.log ? fs.openSync(options.log, 'a') : null;
const messages = new Messages(options.seed);
const counts = {connections: 0, refused: 0, emitted: 0, starts: 0, stops: 0};
const subscriptions = new Set();  // {streamer, field, push, fail, end}
const refusals = new Map();       // streamer → how many more starts fail
let server, sockets = new Set();

const schema = buildSchema(`
  type Message { id: String }
  type Chest { id: String }
  type Query { nothing: String }
  type Subscription {
    streamMessageReceived(streamer: String!): [Message]
    treasureChestMessageReceived(streamer: String!): Chest
  }`);

function answer(value) { process.stdout.write(JSON.stringify(value) + '\n'); }

/// An async iterator that is fed by hand.
function subscription(streamer, field) {
  const waiting = [], ready = [];
  let over = false;
  const self = {
    streamer, field,
    give(result) { waiting.length ? waiting.shift()(result) : ready.push(result); },
    push(value) { self.give({done: false, value: {data: {[field]: value}}}); },
    pushErrors(text) { self.give({done: false, value: {errors: [{message: text}], data: null}}); },
    end() { if (!over) { over = true; subscriptions.delete(self); self.give({done: true, value: undefined}); } },
    iterator: {
      next: () => ready.length ? Promise.resolve(ready.shift()) : new Promise((resolve) => waiting.push(resolve)),
      return: () => { counts.stops += 1; self.end(); return Promise.resolve({done: true, value: undefined}); },
      throw: (error) => Promise.reject(error),
      [Symbol.asyncIterator]() { return this; },
    },
  };
  subscriptions.add(self);
  return self;
}

function subscribe({document, variableValues: variables}) {
  const field = document.definitions[0].selectionSet.selections[0];
  const argument = field.arguments[0].value;
  const streamer = argument.kind === 'Variable' ? variables[argument.name.value] : argument.value;
  counts.starts += 1;
  const left = refusals.get(streamer) || 0;
  if (left > 0) {
    refusals.set(streamer, left - 1);
    throw new Error(`no stream of ${streamer}`);
  }
  return subscription(streamer, field.name.value).iterator;
}

function listen(done) {
  server = http.createServer((_request, response) => { response.writeHead(404); response.end(); });
  server.on('connection', (socket) => { sockets.add(socket); socket.on('close', () => sockets.delete(socket)); });
  SubscriptionServer.create({
    schema, subscribe, execute: () => { throw new Error('subscriptions only'); }, keepAlive: options.keepAlive,
    onConnect: (params) => {
      if (options.tokens && !options.tokens.includes(params.authorization)) {
        counts.refused += 1;
        throw new Error('unauthorized');
      }
      counts.connections += 1;
      return {};
    },
  }, {server, path: '/'});
  server.listen(options.port, '127.0.0.1', () => { options.port = server.address().port; done(); });
}

function emit(streamer, field, value) {
  const who = [...subscriptions].filter((each) => each.streamer === streamer && each.field === field);
  for (const each of who) each.push(value);
  counts.emitted += 1;
  if (log !== null) fs.writeSync(log, JSON.stringify({at: Date.now(), streamer, field, sockets: who.length, value}) + '\n');
}

const orders = {
  stats: () => ({...counts, live: subscriptions.size, streamers: [...subscriptions].map((s) => `${s.streamer}:${s.field}`).sort()}),
  emit({count, streamers}) {
    for (let i = 0; i < count; i += 1) {
      const streamer = streamers[i % streamers.length];
      const [field, value] = messages.next();
      emit(streamer, field, value);
    }
  },
  say({streamer, field, value}) { emit(streamer, field || 'streamMessageReceived', value); },
  errors({streamer, text}) { for (const each of subscriptions) if (each.streamer === streamer) each.pushErrors(text); },
  complete({streamer}) { for (const each of [...subscriptions]) if (each.streamer === streamer) each.end(); },
  refuse({streamer, times}) { refusals.set(streamer, times); },
  cut() { for (const socket of sockets) socket.destroy(); subscriptions.clear(); },
};

readline.createInterface({input: process.stdin}).on('line', (line) => {
  const order = JSON.parse(line);
  try {
    answer({id: order.id, ...(orders[order.order](order) || {})});
  } catch (fault) {
    answer({id: order.id, fault: String(fault.stack)});
  }
}).on('close', () => process.exit(0));
listen(() => answer({id: 0, port: options.port}));
