'use strict';
// What happens on a DLive stream, as the platform's own document and public clients show it: every kind of message, in
// turn and by a seed. Times are nanoseconds as a string, some numbers are strings, some lists hold nulls.

class Messages {
  constructor(seed) { this.state = seed >>> 0; this.number = 0; }

  below(limit) {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.state / 4294967296 * limit);
  }

  id() {
    this.number += 1;
    return `00000000-0000-4000-8000-${String(this.number).padStart(12, '0')}`;
  }

  sender() {
    const n = this.below(50);
    return {__typename: 'StreamchatUser', id: `streamchatuser:viewer${n}`, username: `viewer${n}`, displayname: `Viewer ✨ ${n}`,
      avatar: n % 7 ? `https://cdn.example.org/${n}.png` : null, partnerStatus: 'NONE', badges: [], effect: null};
  }

  chat(__typename, type, own) {
    return {__typename, type, id: this.id(), createdAt: `${Date.now()}${String(this.below(1000000)).padStart(6, '0')}`,
      role: 'None', roomRole: 'Member', subscribing: this.below(2) === 1, sender: this.sender(), ...own};
  }

  next() {
    const gifts = ['LEMON', 'ICE_CREAM', 'DIAMOND', 'NINJAGHINI', 'NINJET', 'BTT', 'TRX', 'MOON_ROCK'];
    const other = this.sender();
    const kinds = [
      () => this.chat('ChatText', 'Message', {content: `hello "${this.number}"\nagain`, emojis: [1, 4], subLength: 2}),
      () => this.chat('ChatGift', 'Gift', {gift: gifts[this.below(gifts.length)], amount: String(1 + this.below(40)),
        message: 'for the show', recentCount: 1, expireDuration: 0}),
      () => ({__typename: 'ChatLive', type: 'Live'}),
      () => ({__typename: 'ChatOffline', type: 'Offline'}),
      () => this.chat('ChatFollow', 'Follow', {}),
      () => this.chat('ChatSubscription', 'Subscription', {month: 1 + this.below(12)}),
      () => this.chat('ChatExtendSub', 'ExtendSub', {month: 3, length: 3}),
      () => this.chat('ChatSubStreak', 'SubStreak', {length: 7}),
      () => this.chat('ChatGiftSub', 'GiftSub', {receiver: 'Someone Else', count: 1}),
      () => this.chat('ChatGiftSub', 'GiftSub', {count: 20}),
      () => this.chat('ChatGiftSubReceive', 'GiftSubReceive', {gifter: 'Giver'}),
      () => ({__typename: 'ChatDelete', type: 'Delete', ids: ['a', 'b']}),
      () => this.chat('ChatHost', 'Host', {viewer: this.below(500)}),
      () => this.chat('ChatChangeMode', 'ChatMode', {mode: 'FOLLOWERS_ONLY'}),
      () => this.chat('ChatBan', 'Ban', {bannedBy: other, bannedByRoomRole: 'Owner'}),
      () => this.chat('ChatModerator', 'Mod', {add: true}),
      () => this.chat('ChatEmoteAdd', 'Emote', {emote: 'https://cdn.example.org/e.png'}),
      () => this.chat('ChatTimeout', 'Timeout', {minute: 10, bannedBy: other}),
      () => this.chat('ChatClip', 'Clip', {url: 'https://clips.example.org/1'}),
      () => this.chat('ChatTCValueAdd', 'TCValueAdd', {amount: '1234500', totalAmount: '9007199254740993'}),
      () => this.chat('ChatNobodyKnows', 'Surprise', {strange: {deep: [1, null]}}),
    ];
    const chests = [
      () => ({__typename: 'TreasureChestGiveawayStarted', type: 'TreasureChestGiveawayStarted', endTime: '1790858096789',
        pricePool: '12345678901234567', durationInSeconds: 300}),
      () => ({__typename: 'TreasureChestGiveawayEnded', type: 'TreasureChestGiveawayEnded', nextGiveawayThresholdAt: '500'}),
      () => ({__typename: 'TreasureChestValueExpired', type: 'TreasureChestValueExpired', value: '77', expireAt: '1790858096789'}),
      () => ({__typename: 'TreasureChestValueUpdated', type: 'TreasureChestValueUpdated', value: '9007199254740993'}),
      () => ({__typename: 'TreasureChestReadyToCollect', type: 'TreasureChestReadyToCollect'}),
    ];
    const all = kinds.length + chests.length;
    this.turn = ((this.turn === undefined ? -1 : this.turn) + 1) % all;
    if (this.turn >= kinds.length) return ['treasureChestMessageReceived', chests[this.turn - kinds.length]()];
    const batch = [kinds[this.turn]()];
    if (this.below(5) === 0) batch.push(null, this.chat('ChatText', 'Message', {content: 'in a batch'}));
    return ['streamMessageReceived', batch];
  }
}

module.exports = {Messages};
