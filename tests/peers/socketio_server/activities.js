'use strict';
// Activities as StreamElements sends them: every type, field by field as they come in the field, with the oddities that
// public clients have met. The same seed gives the same stream.

function generator(seed) {  // mulberry32
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const NAMES = ['viewer_123', 'Anna Lindqvist', 'björn', '山田太郎', 'emoji😀fan', 'O\'Brien "the" <b>', 'x', 'a'.repeat(60),
  'tab\tname', 'back\\slash', 'zero\u200bwidth', 'Ünïcödé', 'rtl \u202ename', ''];
const MESSAGES = ['great stream', '', 'héllo ☃ 😀 "q"\n second line', 'a/b \\ c \u0001 \u007f', '{"json":"inside"}',
  '日本語のメッセージ', 'x'.repeat(500), '42["event",{}]', '\u2028\u2029', '<script>alert(1)</script>', '𝄞 and 👩‍👩‍👧'];
const AVATARS = ['https://cdn.example.org/a.png', 'https://cdn.example.org/%C3%A5?x=1&y=2', '', 'not a uri', '//cdn.example.org/b.png'];
const TIERS = ['1000', '2000', '3000', 'prime'];

class Activities {
  // `channels`: activities are spread over them; ids are unique per seed.
  constructor(seed, channels) {
    this.random = generator(seed);
    this.seed = seed;
    this.channels = channels;
    this.number = 0;
    this.recent = [];
    this.start = Date.now();
  }
  chance(share) { return this.random() < share; }
  pick(list) { return list[Math.floor(this.random() * list.length)]; }
  int(limit) { return Math.floor(this.random() * limit); }
  hex() {
    this.number += 1;
    return (this.seed >>> 0).toString(16).padStart(8, '0') + this.number.toString(16).padStart(16, '0');
  }
  uuid() {
    const digits = Array.from({length: 32}, () => this.int(16).toString(16)).join('');
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  shuffled(object) {  // key order varies in the field
    if (!this.chance(0.3)) return object;
    const keys = Object.keys(object);
    for (let i = keys.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [keys[i], keys[j]] = [keys[j], keys[i]];
    }
    return Object.fromEntries(keys.map((key) => [key, object[key]]));
  }

  data(type) {
    const username = this.pick(NAMES);
    const common = {username, displayName: username.toUpperCase(), providerId: String(this.int(1e9)), avatar: this.pick(AVATARS)};
    switch (type) {
      case 'tip':
        return {tipId: this.hex(), username, amount: this.pick([5, 4.2, 0.1, 1e-7, 123456.78, 9007199254740991, 1e21, this.int(10000) / 100]),
          currency: this.pick(['USD', 'EUR', 'SEK', 'usd']), message: this.pick(MESSAGES), avatar: this.pick(AVATARS)};
      case 'cheer': return {...common, amount: 1 + this.int(100000), message: this.pick(MESSAGES)};
      case 'follow': return common;
      case 'subscriber': {
        const data = {...common, amount: 1 + this.int(90), tier: this.pick(TIERS)};
        if (this.chance(0.5)) data.streak = 1 + this.int(90);
        if (this.chance(0.5)) data.message = this.pick(MESSAGES);
        if (this.chance(0.3)) Object.assign(data, {gifted: true, sender: this.pick(NAMES)});
        return data;
      }
      case 'communityGiftPurchase': return {...common, amount: 1 + this.int(100), tier: this.pick(TIERS), sender: username};
      case 'raid':
      case 'host': return {...common, amount: this.int(5000)};
      case 'channelPointsRedemption': {
        const data = {...common, amount: this.int(50000), redemption: this.pick(['Hydrate!', 'Välj en låt', '10 push-ups'])};
        if (this.chance(0.5)) data.message = this.pick(MESSAGES);
        return data;
      }
      case 'redemption': return {username, amount: 0, redemption: 'Sticker', message: '', avatar: this.pick(AVATARS), providerId: common.providerId};
      case 'superchat': return {...common, amount: this.pick(['5.50', 12.5, '100', 7]), currency: 'EUR', message: this.pick(MESSAGES)};
      case 'merch':
        return {...common, amount: 39.9, currency: 'USD', message: '', items: [{name: 'T-shirt', price: 19.95, quantity: 2, variant: {size: 'L'}}]};
      case 'charityCampaignDonation': return {...common, amount: 10, currency: 'GBP', campaign: {id: 7, goal: [1, 2.5, {deep: null}]}};
      default: return {...common, level: this.int(5), progress: {total: this.int(1000), goal: 2000, top: [null, true, {n: 1.25}]}};
    }
  }

  activity() {
    const type = this.pick(['tip', 'tip', 'tip', 'cheer', 'cheer', 'follow', 'follow', 'subscriber', 'subscriber', 'raid', 'host',
      'communityGiftPurchase', 'channelPointsRedemption', 'redemption', 'superchat', 'merch', 'charityCampaignDonation', 'hypetrain',
      'some new type/ø']);
    const id = this.hex();
    const created = new Date(Date.now() - this.int(4000) - (this.chance(0.02) ? 3 * 86400e3 : 0) + (this.chance(0.02) ? 20 * 3600e3 : 0));
    const activity = {_id: id, channel: this.pick(this.channels), type, provider: this.pick(['twitch', 'twitch', 'youtube', 'kick']),
      createdAt: created.toISOString(), data: this.data(type), updatedAt: new Date(created.getTime() + this.int(500)).toISOString()};
    if (this.chance(0.9)) activity.activityId = id;
    if (!['tip', 'redemption'].includes(type)) activity.flagged = this.chance(0.1);
    if (this.chance(0.2)) activity.expiresAt = new Date(created.getTime() + 86400e3).toISOString();
    if (type === 'communityGiftPurchase' || (type === 'subscriber' && activity.data.gifted)) activity.activityGroup = this.uuid();
    if (this.chance(0.2)) activity.sessionEventsCount = this.int(500);
    // shapes that are there, though rarely
    if (this.chance(0.03)) delete activity.provider;
    if (this.chance(0.02)) delete activity.data.username;
    if (this.chance(0.02)) delete activity.data.amount;
    if (this.chance(0.02)) delete activity.data.avatar;
    if (this.chance(0.02)) activity.data.amount = 'gift';
    if (this.chance(0.02)) activity.data.somethingNew = {nested: [1, 'two', {three: 3.25}], empty: {}};
    activity.data = this.shuffled(activity.data);
    return this.shuffled(activity);
  }

  // One emission: [name, ...arguments]. Now and then what must not come out: a repeat, a mock, a test, session state.
  next() {
    const said = {ts: Date.now(), nonce: this.uuid()};
    if (this.chance(0.02) && this.recent.length) {
      const place = this.int(this.recent.length);
      const again = JSON.parse(JSON.stringify(this.recent[place]));
      if (this.chance(0.3)) {  // the same activity, changed: an update
        again.updatedAt = new Date(Date.parse(again.updatedAt) + 60000).toISOString();
        again.flagged = !again.flagged;
        this.recent[place] = again;
      }
      return ['event', again, said];
    }
    if (this.chance(0.02)) return ['event', {...this.activity(), isMock: true}, said];
    if (this.chance(0.02)) {
      return ['event:test', {listener: 'tip-latest', event: {type: 'tip', name: this.pick(NAMES), amount: 5, isTest: true}}, said];
    }
    if (this.chance(0.02)) return ['event:update', {name: 'tip-latest', data: {name: this.pick(NAMES), amount: 4.5}, provider: 'twitch'}, said];
    if (this.chance(0.01)) return ['event:reset', {anything: [1, 2]}];
    if (this.chance(0.01)) return ['event:somethingElse', {of: 'no interest'}];
    const activity = this.activity();
    this.recent.push(activity);
    if (this.recent.length > 50) this.recent.shift();
    return this.chance(0.9) ? ['event', activity, said] : ['event', activity];
  }
}

module.exports = {Activities};
