#include "connectors/json/draft_writer.hpp"

#include <algorithm>

#include "connectors/json/json_lexis.hpp"
#include "event/id.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

constexpr std::string_view unknown_id = "000000000000000000000000";
constexpr std::array<std::string_view, 6> six_types = {"tip", "cheer", "follow", "subscriber", "raid", "host"};
enum Promised : std::size_t { username, display_name, amount, message, items, avatar };
constexpr std::array<std::string_view, 6> promised = {"username", "displayName", "amount",
                                                      "message",  "items",       "avatar"};

event::Slice put(std::string& out, std::string_view text) {
  const event::Slice slice{static_cast<std::uint32_t>(out.size()), static_cast<std::uint32_t>(text.size())};
  out += text;
  return slice;
}

}  // namespace

DraftWriter::DraftWriter(std::string_view source, std::string_view provider, std::string_view connector)
    : source_(source), provider_(provider), relay_begin_(",\"relay\":{\"connector\":") {
  text::append_quoted(relay_begin_, connector);
  relay_begin_ += ",\"source\":";
  text::append_quoted(relay_begin_, source);
  relay_begin_ += ",\"upstreamType\":";
}

const std::string& DraftWriter::channel_id(std::string_view upstream_channel) {
  const auto known = channel_ids_.find(std::string(upstream_channel));
  if (known != channel_ids_.end()) return known->second;
  if (channel_ids_.size() >= channels_kept) channel_ids_.clear();
  return channel_ids_.emplace(upstream_channel, event::derived_id({source_, upstream_channel})).first->second;
}

void DraftWriter::begin(const Head& head, event::Draft& draft) {
  draft_ = &draft;
  detail_names_.clear();
  details_.clear();
  put_.fill(false);
  username_.clear();
  first_ = true;
  six_ = std::find(six_types.begin(), six_types.end(), head.type) != six_types.end();
  draft.source = source_;
  draft.upstream_channel = head.upstream_channel;
  draft.identified = !head.upstream_id.empty();

  std::string& out = draft.text;
  out.clear();
  out.reserve(1024);
  out += "{\"_id\":\"";
  draft.id = draft.identified
                 ? connectors::put(
                       out, event::derived_id({source_, head.upstream_channel, head.upstream_type, head.upstream_id}))
                 : connectors::put(out, unknown_id);
  out += "\",\"channel\":\"";
  out += channel_id(head.upstream_channel);
  out += "\",\"type\":";
  const auto type_at = static_cast<std::uint32_t>(out.size() + 1);
  text::append_quoted(out, head.type);
  draft.type = {type_at, static_cast<std::uint32_t>(out.size() - 1 - type_at)};
  out += ",\"provider\":\"";
  draft.provider = connectors::put(out, provider_);
  out += "\",\"flagged\":false,\"data\":{";

  relay_middle_ = relay_begin_;
  text::append_quoted(relay_middle_, head.upstream_type);
  if (draft.identified) {
    relay_middle_ += ",\"upstreamId\":";
    text::append_quoted(relay_middle_, head.upstream_id);
  }
  relay_middle_ += ",\"upstreamChannel\":";
  text::append_quoted(relay_middle_, head.upstream_channel);
}

void DraftWriter::key(std::string_view name) {
  std::string& out = draft_->text;
  if (!first_) out += ',';
  first_ = false;
  text::append_quoted(out, name);
  out += ':';
  note(name);
}

/// Remembers which of the promised fields is there.
void DraftWriter::note(std::string_view name) {
  const auto found = std::find(promised.begin(), promised.end(), name);
  if (found != promised.end()) put_[static_cast<std::size_t>(found - promised.begin())] = true;
}

void DraftWriter::put(std::string_view name, const Value& value) {
  if (value) put_json(name, value.text);
}

void DraftWriter::put_json(std::string_view name, std::string_view json) {
  // An empty name to show is as good as none: `fill` takes the username.
  if (six_ && name == promised[display_name] && json == "\"\"" && !filling_) return;
  key(name);
  draft_->text += json;
  if (name == promised[username]) username_ = json;
}

void DraftWriter::put_text(std::string_view name, const Value& value) {
  if (value.is_string()) return put_json(name, value.text);
  if (value.kind == Value::Kind::number) return put_json(name, "\"" + std::string(value.text) + "\"");
  detail(name, value);
}

void DraftWriter::put_text(std::string_view name, std::string_view plain) {
  std::string quoted;
  text::append_quoted(quoted, plain);
  put_json(name, quoted);
}

void DraftWriter::put_number(std::string_view name, const Value& value) {
  if (!value) return;
  if (value.kind == Value::Kind::number) return put_json(name, value.text);
  if (value.is_string() && is_number(value.inner())) return put_json(name, value.inner());
  put_json(name, "0");
  detail(name, value);
}

void DraftWriter::put_number(std::string_view name, std::uint64_t number) { put_json(name, std::to_string(number)); }

void DraftWriter::put_flag(std::string_view name, bool flag) { put_json(name, flag ? "true" : "false"); }

void DraftWriter::detail(std::string_view name, const Value& value) {
  if (!value) return;
  std::string free(name);
  while (has_detail(free)) free.insert(0, "upstream.");
  details_.push_back({std::move(free), value.text});
  if (details_.size() == looked_through) {
    for (const Detail& each : details_) detail_names_.insert(each.name);
  } else if (details_.size() > looked_through) {
    detail_names_.insert(details_.back().name);
  }
}

bool DraftWriter::has_detail(std::string_view name) const {
  if (details_.size() >= looked_through) return detail_names_.count(name) != 0;
  return std::any_of(details_.begin(), details_.end(), [&](const Detail& detail) { return detail.name == name; });
}

void DraftWriter::fill() {
  if (!put_[username]) put_text(promised[username], std::string_view{});
  if (!put_[display_name]) put_json(promised[display_name], username_);
  if (!put_[amount]) put_json(promised[amount], "0");
  if (!put_[message]) put_json(promised[message], "\"\"");
  if (!put_[items]) put_json(promised[items], "[]");
  if (!put_[avatar]) put_json(promised[avatar], "\"\"");
}

void DraftWriter::finish(std::optional<event::WallTime> created, const event::Now& now) {
  std::string& out = draft_->text;
  if (six_) {
    filling_ = true;
    fill();
    filling_ = false;
  }
  if (!details_.empty()) {
    key("details");
    out += '{';
    for (const Detail& detail : details_) {
      if (out.back() != '{') out += ',';
      out += '"';
      out += detail.name;
      out += "\":";
      out += detail.text;
    }
    out += '}';
  }
  draft_->created = created.value_or(now.wall);
  draft_->updated = created;
  out += "},\"createdAt\":\"";
  draft_->created_at = connectors::put(out, text::to_text(draft_->created));
  out += "\",\"updatedAt\":\"";
  out += text::to_text(draft_->created);
  out += '"';
  out += relay_middle_;
  out += ",\"receivedAt\":\"";
  text::append_time(out, now.wall);
  out += '"';
  draft_ = nullptr;
}

}  // namespace tributary::connectors
