// The `data` of an event: copied whole where nothing in it has to be changed, else member by member.

#include <algorithm>
#include <utility>

#include "connectors/streamelements/normaliser.hpp"

namespace tributary::connectors::streamelements {

void Normaliser::put_member(std::string& out, std::string_view key, std::string_view text) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
  out += text;
}

void Normaliser::add_detail(std::string_view key, std::string_view text) {
  const auto taken = [this](std::string_view name) {
    if (!detail_keys_.empty()) return detail_keys_.contains(name);
    return std::any_of(details_.begin(), details_.end(), [&](const Detail& detail) { return detail.key == name; });
  };
  if (taken(key)) {
    std::string other = "activity.";
    other += key;
    while (taken(other)) other.insert(0, "activity.");
    key = detail_names_.emplace_back(std::move(other));
  }
  details_.push_back({key, text});
  if (details_.size() < looked_through) return;
  if (details_.size() > looked_through) {
    detail_keys_.insert(key);
  } else {
    for (const Detail& detail : details_) detail_keys_.insert(detail.key);
  }
}

void Normaliser::forget_details() {
  details_.clear();
  detail_names_.clear();
  if (!detail_keys_.empty()) detail_keys_ = {};  // with its buckets: a large table costs at every clear
}

void Normaliser::write_data(const Object& data, const DataFields& fields, bool six, std::string& out) {
  out += ",\"data\":";
  const bool own_details{fields.values[details]};
  if (own_details && !details_.empty()) add_detail(field_names[details], fields.values[details].text);
  if (data.text.empty()) {
    out += '{';
  } else if (!fields.changed && !data.respelled && (details_.empty() || !own_details)) {
    out.append(data.text, 0, data.text.size() - 1);
  } else {
    write_members(data, fields, !details_.empty(), out);
  }
  if (six) write_fills(fields, out);
  if (!details_.empty()) write_details(field_names[details], out);
  out += '}';
}

void Normaliser::write_members(const Object& data, const DataFields& fields, bool drop_details, std::string& out) {
  out += '{';
  for (const auto& member : data.members) {
    const auto field = fields.field_of(member.key);
    if (field == field_count) {
      put_member(out, member.key, member.value.text);
      continue;
    }
    if (field == details && drop_details) continue;
    switch (fields.fits[field]) {
      case Fit::as_sent:
        put_member(out, field_names[field], member.value.text);
        break;
      case Fit::as_number:
        put_member(out, field_names[field], member.value.inner());
        break;
      case Fit::as_text:
        put_member(out, field_names[field], "\"");
        out += member.value.text;
        out += '"';
        break;
      case Fit::misfit:
        if (field == amount) put_member(out, field_names[field], "0");
        break;
      case Fit::missing:
        break;
    }
  }
}

void Normaliser::write_fills(const DataFields& fields, std::string& out) {
  if (!fields.fits_in(username)) put_member(out, field_names[username], "\"\"");
  if (!fields.fits_in(display_name)) {
    const bool named = fields.fits_in(username);
    put_member(out, field_names[display_name], "\"");
    if (named)
      out += fields.fits[username] == Fit::as_text ? fields.values[username].text : fields.values[username].inner();
    out += '"';
  }
  if (!fields.values[amount]) put_member(out, field_names[amount], "0");
  if (!fields.fits_in(message)) put_member(out, field_names[message], "\"\"");
  if (!fields.fits_in(items)) put_member(out, field_names[items], "[]");
  if (!fields.fits_in(avatar)) put_member(out, field_names[avatar], "\"\"");
}

void Normaliser::write_details(std::string_view name, std::string& out) {
  put_member(out, name, "{");
  for (const auto& detail : details_) put_member(out, detail.key, detail.text);
  out += '}';
}

}  // namespace tributary::connectors::streamelements
