#include "connectors/users/show.hpp"

#include <array>
#include <utility>

#include "event/id.hpp"

namespace tributary::connectors::users {
namespace {

enum Type : int { login = 1, logout, activated, removed, file_uploaded, file_removed, bucket_uploaded, bucket_removed };
constexpr std::array names = {
    "", "Login", "Logout", "Activated", "Removed", "FileUploaded", "FileRemoved", "BucketUploaded", "BucketRemoved"};
constexpr std::array mime_types = {"image/png", "video/mp4", "text/plain; charset=\\\"utf-8\\\""};
constexpr std::size_t kept = 64;

}  // namespace

Show::Show(Audience& audience, const SimulatorSettings& settings)
    : audience_(audience), form_(settings.form), label_(settings.label) {
  append_hex(prefix_, audience_.random(), 16);
}

std::string Show::upstream_type(int type) const {
  return form_ == SimulatorSettings::Form::newer ? names[static_cast<std::size_t>(type)] : std::to_string(type);
}

std::string Show::begin(int type) const {
  std::string out = "{";
  if (form_ == SimulatorSettings::Form::newer) {
    json_member(out, "type", upstream_type(type));
  } else {
    json_raw_member(out, "eventType", upstream_type(type));
  }
  return out;
}

std::string Show::id_of(int type, const Thing& thing) const {
  return event::derived_id({"users", label_, upstream_type(type), thing.id});
}

const Show::Act& Show::next(event::WallTime now) {
  act_.told.clear();
  const auto dice = audience_.below(100);
  if (arrivals_left_ > 0) {
    --arrivals_left_;
    person(login);
  } else if (dice < 30) {
    person(login);
  } else if (dice < 48) {
    person(logout);
  } else if (dice < 55) {
    person(activated);
  } else if (dice < 58) {
    person(removed);
  } else if (dice < 78 || files_.empty()) {
    files(true, now);
  } else if (dice < 88) {
    files(false, now);
  } else if (dice < 94 || buckets_.empty()) {
    bucket(true, now);
  } else if (dice < 98) {
    bucket(false, now);
  } else {  // the doors open
    arrivals_left_ = 10 + audience_.below(40);
    person(login);
  }
  return act_;
}

void Show::person(int type) {
  act_.kind = names[static_cast<std::size_t>(type)];
  act_.frame = begin(type);
  json_member(act_.frame, "username", audience_.someone().name);
  if (audience_.chance(3)) json_member(act_.frame, "error", "the mail could not be sent");
  act_.frame += '}';
  act_.told.push_back({"", act_.frame});
}

Show::Thing Show::new_thing(bool bucket, const Audience::Viewer& owner, event::WallTime now) {
  Thing thing;
  thing.id = prefix_;
  append_hex(thing.id, serial_++, 8);
  std::string& out = thing.json;
  out = "{";
  json_member(out, "_id", thing.id);
  json_member(out, "name", bucket ? "show " + std::to_string(serial_) : "clip \xE2\x98\x83 " + std::to_string(serial_));
  json_member(out, "user", owner.login);
  json_member(out, "identifier", audience_.uuid());
  json_member(out, "created", static_cast<std::uint64_t>(now.time_since_epoch().count()));
  if (bucket) {
    json_member(out, "memoryUsed", audience_.below(1u << 30));
  } else {
    json_member(out, "size", audience_.random() >> 1U);
    json_raw_member(out, "mimeType", std::string("\"") + mime_types[audience_.below(mime_types.size())] + "\"");
    json_raw_member(out, "isPublic", audience_.chance(50) ? "true" : "false");
    json_member(out, "publicURL", "https://files.example.org/" + thing.id);
    json_raw_member(out, "numDownloads", "0");
    json_raw_member(out, "parentFile", "null");
  }
  if (audience_.chance(20)) json_raw_member(out, "meta", "{\"rating\":4.50,\"tags\":[\"live\"]}");
  out += '}';
  return thing;
}

void Show::files(bool upload, event::WallTime now) {
  const int type = upload ? file_uploaded : file_removed;
  const auto& owner = audience_.someone();
  const bool lists = form_ == SimulatorSettings::Form::lists;
  std::vector<Thing> things;
  for (std::uint64_t count = lists && audience_.chance(40) ? 1 + audience_.below(6) : 1; count > 0; --count) {
    if (upload) {
      things.push_back(new_thing(false, owner, now));
      files_.push_back(things.back());
      if (files_.size() > kept) files_.pop_front();
    } else if (!files_.empty()) {
      things.push_back(std::move(files_.front()));
      files_.pop_front();
    }
  }
  std::string head = begin(type);
  if (upload) json_member(head, "username", owner.login);
  std::string all;
  for (const Thing& thing : things) {
    std::string alone = head;
    json_raw_member(alone, lists ? "files" : "file", lists ? "[" + thing.json + "]" : thing.json);
    act_.told.push_back({id_of(type, thing), alone + "}"});
    all += (all.empty() ? "" : ",") + thing.json;
  }
  json_raw_member(head, lists ? "files" : "file", lists ? "[" + all + "]" : all);
  act_.kind = names[static_cast<std::size_t>(type)];
  act_.frame = head + "}";
}

void Show::bucket(bool upload, event::WallTime now) {
  const int type = upload ? bucket_uploaded : bucket_removed;
  const auto& owner = audience_.someone();
  Thing thing;
  if (upload) {
    thing = new_thing(true, owner, now);
    buckets_.push_back(thing);
    if (buckets_.size() > kept) buckets_.pop_front();
  } else {
    thing = std::move(buckets_.front());
    buckets_.pop_front();
  }
  act_.kind = names[static_cast<std::size_t>(type)];
  act_.frame = begin(type);
  if (upload) json_member(act_.frame, "username", owner.login);
  json_raw_member(act_.frame, "bucket", thing.json);
  act_.frame += '}';
  act_.told.push_back({id_of(type, thing), act_.frame});
}

}  // namespace tributary::connectors::users
