#include "config/tree.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/spelling.hpp"

namespace tributary::config {

const Entry* Node::find(std::string_view key) const {
  const auto entry = std::find_if(entries.begin(), entries.end(), [key](const Entry& e) { return e.key == key; });
  return entry == entries.end() ? nullptr : &*entry;
}

std::string found(const Node& node, bool secret) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      if (secret) return "a text";
      return node.quoted ? "the text " + quote(node.text) : quote(node.text);
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "nothing";
}

std::uint32_t FaultList::add_file(std::string name, std::filesystem::path directory) {
  files_.push_back({std::move(name), std::move(directory)});
  return static_cast<std::uint32_t>(files_.size() - 1);
}

void FaultList::fault(Position mark, std::string path, std::string message, Kind kind) {
  if (faults_.size() > most) return;
  if (faults_.size() == most) {
    faults_.push_back({mark, {}, "there are more faults; these are the first " + std::to_string(most)});
    return;
  }
  if (kind == Kind::unreadable) faulted_.insert(path);
  faults_.push_back({mark, std::move(path), std::move(message)});
}

void FaultList::warn(Position mark, std::string path, std::string message) {
  if (warnings_.size() < most) {
    warnings_.push_back({mark, std::move(path), std::move(message)});
  } else {
    ++warnings_left_out_;
  }
}

void FaultList::place(const std::string& path, Position mark) { places_.insert_or_assign(path, resolve(mark)); }

void FaultList::secret(const std::string& path, Position mark, const Secret& secret) {
  secrets_.push_back({path, resolve(mark), secret});
}

Place FaultList::resolve(Position mark) const { return {files_.at(mark.file).name, mark.line, mark.column}; }

std::string FaultList::where(Position mark) const {
  const auto& name = files_.at(mark.file).name;
  return mark.line == 0 ? name : name + ":" + std::to_string(mark.line);
}

std::vector<Fault> FaultList::ordered(std::vector<Placed>& placed) const {
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return std::tie(a.mark.file, a.mark.line, a.mark.column) < std::tie(b.mark.file, b.mark.line, b.mark.column);
  });
  std::vector<Fault> faults;
  faults.reserve(placed.size());
  for (auto& one : placed) faults.push_back({resolve(one.mark), std::move(one.path), std::move(one.message)});
  placed.clear();
  return faults;
}

void FaultList::deliver(Loaded& loaded) {
  loaded.faults = ordered(faults_);
  const Position last = warnings_.empty() ? Position{} : warnings_.back().mark;
  loaded.warnings = ordered(warnings_);
  if (warnings_left_out_ != 0) {
    const auto text = "there are " + std::to_string(warnings_left_out_) + " more warnings; these are the first " +
                      std::to_string(most);
    loaded.warnings.push_back({{files_.at(last.file).name, 0, 0}, {}, text});
  }
  loaded.secrets = std::move(secrets_);
  loaded.places = std::move(places_);
}

}  // namespace tributary::config
