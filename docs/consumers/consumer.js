// Reads the relay's events from Kafka and acts once on each of them.
//
//   npm install kafkajs
//   node consumer.js BROKERS [TOPIC [GROUP]]          e.g. node consumer.js localhost:9092 stream.events alerts
//
// Prints a line for each event; a repeat of one is told on standard error and nothing else is done with it.

const { Kafka, logLevel } = require('kafkajs');

// The last ids that were acted on. In memory: what must hold over a restart belongs into a database.
class Seen {
  constructor(most = 100_000) {
    this.ids = new Set();
    this.most = most;
  }
  add(id) { // whether it is new
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    if (this.ids.size > this.most) this.ids.delete(this.ids.values().next().value); // the oldest
    return true;
  }
}

// Here the alert is shown. JSON.parse rounds integers above 2^53: see docs/CONSUMING.md, "Large integers".
function act(event) {
  const { displayName = '', amount = '', currency = '' } = event.data;
  console.log([event.type, event._id, displayName, String(amount), currency].filter(word => word !== '').join(' '));
}

async function main(brokers, topic = 'stream.events', group = 'alerts') {
  const kafka = new Kafka({ clientId: 'alerts', brokers: brokers.split(','), logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: group });
  const seen = new Seen();
  process.once('SIGTERM', () => consumer.disconnect());
  process.once('SIGINT', () => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ // what was acted on is committed, so a crash brings a repeat, never a loss
    eachMessage: async ({ message }) => {
      const event = JSON.parse(message.value.toString());
      if (seen.add(event._id)) act(event);
      else console.error('repeat', event._id);
    },
  });
}

const given = process.argv.slice(2);
if (given.length < 1 || given.length > 3) {
  console.error('node consumer.js BROKERS [TOPIC [GROUP]]');
  process.exit(2);
}
main(...given).catch(fault => {
  console.error(fault.message);
  process.exit(1);
});
