// The page of the admin port. It shows what /status says, every two seconds, and what comes from /events. What others
// wrote is only ever set as text (textContent); nothing is asked of any other place.
'use strict';

const every = 2000, patience = 6000, shownEvents = 100, longest = 300;
const signs = {well: '✔', starting: '…', stopping: '…', trouble: '✖', lost: '?'};
const $ = (id) => document.getElementById(id);

/** Text of others in one line: what steers or turns other text becomes a space. */
function plain(text) {
  return String(text ?? '').replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, ' ').slice(0, longest);
}

/** Only what differs is written, so that nothing is announced twice and no selection is lost. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(name, kind, parent) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (parent) parent.append(element);
  return element;
}

function age(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 1) return 'now';
  if (seconds < 120) return Math.floor(seconds) + ' s';
  if (seconds < 7200) return Math.floor(seconds / 60) + ' min';
  if (seconds < 172800) return Math.floor(seconds / 3600) + ' h';
  return Math.floor(seconds / 86400) + ' d';
}

function ago(seconds) {
  const text = age(seconds);
  return text === '–' || text === 'now' ? text : text + ' ago';
}

function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) { bytes /= 1024; ++unit; }
  return (unit === 0 || bytes >= 10 || Number.isInteger(bytes) ? Math.round(bytes) : bytes.toFixed(1)) + ' ' + units[unit];
}

function clock(time) {
  const date = time ? new Date(time) : new Date();
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

// ── cards ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The list's cards by name, made and taken away as they come and go; a card that stays is the same element. */
class Cards {
  constructor(list, none, build) {
    this.list = list; this.none = none; this.build = build; this.cards = new Map();
  }
  show(all, fill) {
    const names = new Set(all.map((one) => one.name));
    for (const [name, card] of this.cards) {
      if (!names.has(name)) { card.root.remove(); this.cards.delete(name); }
    }
    all.forEach((one, place) => {
      let card = this.cards.get(one.name);
      if (!card) { card = this.build(one.name); this.cards.set(one.name, card); }
      if (this.list.children[place] !== card.root) this.list.insertBefore(card.root, this.list.children[place] ?? null);
      fill(card, one);
    });
    this.none.hidden = all.length !== 0;
  }
}

function buildCard(name, facts) {
  const root = make('li');
  const top = make('div', 'top', root);
  make('bdi', '', make('h3', '', top)).textContent = plain(name);
  const card = {root, badge: make('span', 'badge', top), type: make('p', 'note', root), why: make('p', 'why', root), facts: {}};
  const list = make('dl', '', root);
  for (const fact of facts) {
    make('dt', '', list).textContent = fact;
    card.facts[fact] = make('dd', '', list);
  }
  return card;
}

function mood(card, kind, word) {
  if (card.root.dataset.mood !== kind) card.root.dataset.mood = kind;
  say(card.badge, {good: '✔ ', bad: '✖ ', pending: '… '}[kind] + word);
}

const svg = 'http://www.w3.org/2000/svg';

function buildUpstream(name) {
  const card = buildCard(name, ['last event', 'rate', 'events', 'channels']);
  const drawing = document.createElementNS(svg, 'svg');
  drawing.setAttribute('viewBox', '0 0 118 30');
  drawing.setAttribute('preserveAspectRatio', 'none');
  drawing.setAttribute('role', 'img');
  drawing.classList.add('spark');
  const ground = document.createElementNS(svg, 'line');
  for (const [key, value] of Object.entries({x1: 0, x2: 118, y1: 29, y2: 29})) ground.setAttribute(key, value);
  card.line = document.createElementNS(svg, 'polyline');
  drawing.append(ground, card.line);
  card.root.append(drawing);
  card.drawing = drawing;
  return card;
}

function draw(card, history) {
  const counts = history?.events ?? [], step = history?.step ?? 5;
  const top = Math.max(1, ...counts), first = 60 - counts.length;
  const points = counts.map((count, i) => (first + i) * 2 + ',' + (29 - 27 * count / top).toFixed(1)).join(' ');
  card.line.setAttribute('points', points);
  const minutes = Math.round(counts.length * step / 60);
  card.drawing.setAttribute('aria-label', counts.length === 0 ? 'events over time: nothing noted yet'
    : `events of the last ${minutes < 1 ? counts.length * step + ' seconds' : minutes + (minutes === 1 ? ' minute' : ' minutes')}: ` +
      `at most ${(top / step).toFixed(1)} a second`);
}

function fillUpstream(card, one) {
  const connecting = one.state === 'dialing' || one.state === 'handshaking' || one.state === 'draining' || one.state === 'idle';
  const bad = one.paused || (one.state !== 'live' && (!connecting || one.reason));
  mood(card, bad ? 'bad' : connecting ? 'pending' : 'good', plain(one.state) + (one.paused ? ', paused' : ''));
  say(card.type, plain(one.type) + (one.upstream ? ' · ' + plain(one.upstream) : ''));
  let why = one.reason && one.state !== 'live' ? plain(one.reason) + (one.detail ? ': ' + plain(one.detail) : '') : '';
  if (one.paused) why = 'not read: a sink that it feeds is full';
  if (one.next_attempt_in !== null && one.state !== 'live') why += (why.endsWith('?') ? ' Next' : '; next') + ' attempt in ' + age(one.next_attempt_in).replace('now', '0 s');
  say(card.why, why);
  card.why.hidden = why === '';
  say(card.facts['last event'], ago(one.last_event_age));
  say(card.facts.rate, (one.events_per_second ?? 0).toFixed(1) + '/s');
  say(card.facts.events, String(one.ledger?.events ?? '–'));
  const channels = one.channels ?? [];
  const silent = channels.reduce((worst, next) => !worst || next.silence > worst.silence ? next : worst, null);
  say(card.facts.channels, channels.length === 0 ? '–' : channels.length === 1 ? plain(channels[0].channel)
    : `${channels.length}; silent for longest: ${plain(silent.channel)}, ${age(silent.silence)}`);
  draw(card, one.history);
}

function buildSink(name) {
  const card = buildCard(name, ['delivered', 'waiting', 'oldest', 'memory', 'spool', 'lost']);
  card.meter = make('meter', '', card.root);
  return card;
}

function fillSink(card, one) {
  mood(card, one.state === 'ok' ? 'good' : 'bad', plain(one.state).replaceAll('_', ' '));
  say(card.type, plain(one.type) + (one.connector ? ' · on ' + plain(one.connector) : ''));
  let why = plain(one.failing);
  if (!why && one.parked?.length) why = 'the broker refuses: ' + plain(one.parked.join(', '));
  say(card.why, why);
  card.why.hidden = why === '';
  const sent = one.ledger?.sent ?? 0, delivered = one.ledger?.delivered ?? 0;
  say(card.facts.delivered, sent > 0 ? `${delivered}, sent ${sent}` : String(delivered));
  say(card.facts.waiting, String(one.waiting));
  say(card.facts.oldest, age(one.oldest_age));
  say(card.facts.memory, size(one.held) + ' of ' + size(one.memory));
  say(card.facts.spool, one.spool ? size(one.spool.bytes) + ' of ' + size(one.spool.size) : '–');
  say(card.facts.lost, String(one.lost));
  const {meter} = card;
  meter.max = one.memory || 1; meter.high = meter.max * 0.75; meter.optimum = 0; meter.value = one.held;
  meter.setAttribute('aria-label', 'memory in use');
}

const upstreams = new Cards($('upstreams'), $('no-upstreams'), buildUpstream);
const sinks = new Cards($('sinks'), $('no-sinks'), buildSink);

// ── the headline ─────────────────────────────────────────────────────────────────────────────────────────────────────

function headline(level, words, instance) {
  if (document.body.dataset.level !== level) document.body.dataset.level = level;
  const sign = signs[level] ?? '?';
  say($('sign'), sign);
  say($('headline'), words);
  const title = `${sign} ${words} – ${instance ? plain(instance) : 'Tributary'}`;
  if (document.title !== title) document.title = title;
}

function troubles(all) {
  const list = $('troubles');
  while (list.children.length > all.length) list.lastChild.remove();
  while (list.children.length < all.length) make('bdi', '', make('li', '', list));
  all.forEach((one, i) => say(list.children[i].firstChild, `${one.name ? plain(one.name) + ': ' : ''}${plain(one.reason)}: ${plain(one.words)}`));
  list.hidden = all.length === 0;
}

let known = null, lostSince = null;

function show(status) {
  known = status;
  lostSince = null;
  headline(status.level, plain(status.headline), status.instance);
  troubles(status.troubles ?? []);
  say($('about'), `${plain(status.instance)} · tributary ${plain(status.version)} · up ${age(status.uptime)} · run ${plain(status.run)}`);
  upstreams.show(status.connectors ?? [], fillUpstream);
  sinks.show(status.sinks ?? [], fillSink);
}

function lost(why) {
  lostSince ??= clock();
  headline('lost', `connection to the relay lost since ${lostSince}`, known?.instance);
  troubles([{name: '', reason: 'no answer', words: why + (known ? '; what is below stands as of ' + clock(known.taken) : '')}]);
}

async function poll() {
  try {
    const answer = await fetch('/status', {cache: 'no-store', signal: AbortSignal.timeout(patience)});
    if (answer.status === 401) { location.assign('/login'); return; }
    if (!answer.ok) throw new Error('the relay answers ' + answer.status);
    show(await answer.json());
    listen();
  } catch (error) {
    lost(error.name === 'TimeoutError' ? `no answer within ${patience / 1000} s` : error.name === 'TypeError' ? 'it cannot be reached' : plain(error.message));
  }
  setTimeout(poll, every);
}

// ── live events ──────────────────────────────────────────────────────────────────────────────────────────────────────

let source = null, paused = false, fresh = [], drawing = false;

function eventRow(event) {
  const row = make('li', 'fresh');
  make('span', 'when', row).textContent = clock(event.relay?.receivedAt);
  const part = (kind, text) => { make('bdi', '', make('span', kind, row)).textContent = text; };
  part('what', plain(event.type) + (event.relay?.test ? ' (test)' : ''));
  part('where', plain(event.relay?.connector));
  const data = event.data ?? {};
  const amount = data.amount ? ' · ' + plain(data.amount) + (data.currency ? ' ' + plain(data.currency) : '') : '';
  part('said', plain(data.displayName || data.username) + amount + (data.message ? ' · ' + plain(data.message) : ''));
  return row;
}

function note(text) {
  const row = make('li');
  make('span', 'when', row).textContent = clock();
  make('span', 'what', row).textContent = text;
  return row;
}

function add(row) {
  if (paused) return;
  fresh.push(row);
  if (fresh.length > shownEvents) fresh.shift();
  if (!drawing) { drawing = true; setTimeout(drawEvents, 200); }
}

function drawEvents() {
  drawing = false;
  const list = $('events');
  list.prepend(...fresh.reverse());
  fresh = [];
  while (list.children.length > shownEvents) list.lastChild.remove();
}

/** One connection, opened again when the browser has given it up. */
function listen() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource('/events');
  source.onmessage = (message) => {
    try { add(eventRow(JSON.parse(message.data))); } catch { add(note('an event that is no JSON')); }
  };
  source.addEventListener('dropped', (message) => {
    let count = '';
    try { count = String(Number(JSON.parse(message.data).count)); } catch { count = 'some'; }
    add(note(`${count} events are not shown here: they came too fast for this page`));
  });
}

// ── switches ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const systemDark = matchMedia('(prefers-color-scheme: dark)');

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : systemDark.matches;
}

function nameTheme() { say($('theme'), isDark() ? 'Light' : 'Dark'); $('theme').setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours'); }

function remembered() { try { return localStorage.getItem('theme'); } catch { return null; } }

const chosen = remembered();
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
nameTheme();
systemDark.addEventListener('change', nameTheme);
$('theme').addEventListener('click', () => {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem('theme', theme); } catch { /* not remembered, then */ }
  nameTheme();
});
$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  say($('events-note'), paused ? 'Paused: what comes now is not shown.' : 'The newest 100, the newest first.');
});

poll();
