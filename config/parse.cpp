// yaml-cpp's events into our own tree. Its own Node is not used: it keeps duplicate keys, shares aliases without a
// bound, and forgets where keys stand.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "config/plain_text.hpp"
#include "config/spelling.hpp"
#include "config/syntax.hpp"
#include "config/syntax_scan.hpp"
#include "config/text_source.hpp"
#include "config/tree.hpp"

namespace tributary::config {
namespace {

constexpr std::string_view standard_tags = "tag:yaml.org,2002:";

struct Stop {};  // thrown through yaml-cpp after an unbearable fault is reported

struct Weight {
  std::size_t values = 1;
  std::size_t bytes = 0;
  std::size_t depth = 1;
};

Weight weigh(const Node& node) {
  Weight whole{1, node.text.size(), 1};
  const auto add = [&whole](const Node& part) {
    const Weight weight = weigh(part);
    whole.values += weight.values;
    whole.bytes += weight.bytes;
    whole.depth = std::max(whole.depth, weight.depth + 1);
  };
  for (const auto& item : node.items) add(item);
  for (const auto& entry : node.entries) {
    whole.bytes += entry.key.size();
    add(entry.value);
  }
  return whole;
}

class TreeMaker : public YAML::EventHandler {
 public:
  TreeMaker(std::uint32_t file, FaultList& report, Spent& spent, MemoryBuffer& buffer, Node& root)
      : file_(file), report_(report), spent_(spent), buffer_(buffer), root_(root) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = here(mark);
    charge(node.mark, {});
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) stop(here(mark), "an alias inside the value it stands for");
    const Weight weight = weigh(known->second);
    if (weight.depth + frames_.size() > depth_limit) too_deep(here(mark));
    charge(here(mark), weight);
    finish(Node(known->second), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::scalar;
    node.mark = here(mark);
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    node.text = value;
    if (value.find('\0') != std::string::npos) report_.fault(node.mark, {}, "a zero byte in a text");
    if (tag == "!" && !mark.is_null()) last_quoted_ = static_cast<std::size_t>(mark.pos);
    node.broken = !check_tag(node.mark, tag);
    charge(node.mark, {1, value.size(), 1});
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, here(mark), tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, here(mark), tag, anchor);
  }
  void OnMapEnd() override { close(); }

  // Offset of the last quoted text.
  [[nodiscard]] std::size_t last_quoted() const { return last_quoted_; }

  [[noreturn]] void stop(Position mark, std::string message) {
    report_.fault(mark, {}, std::move(message));
    throw Stop{};
  }

  [[nodiscard]] Position here(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
  }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    bool merging = false;  // the key is `<<`
    bool skip = false;     // the value of a bad or repeated key
    std::string key;
    Position key_mark;
    std::unordered_map<std::string, std::size_t> seen;  // key → index in node.entries
    Position merge_mark;                                // of `<<`; line 0: none yet
    std::vector<Node> merged;                           // the values of `<<`
  };

  [[noreturn]] void too_deep(Position mark) {
    stop(mark, "nested deeper than " + std::to_string(depth_limit) + " levels");
  }

  void charge(Position mark, Weight weight) {
    buffer_.value_seen();
    spent_.values += weight.values;
    spent_.text += weight.bytes;
    if (spent_.values > value_limit) {
      stop(mark, "more than " + std::to_string(value_limit) +
                     " values in all files, aliases counted as often as they are used");
    }
    if (spent_.text > file_limit) {
      stop(mark, "more than " + format(Size{file_limit}) + " of text in all files, aliases expanded");
    }
  }

  bool check_tag(Position mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with(standard_tags)) return true;
    report_.fault(mark, {}, "the tag " + quote(tag) + " means nothing here; expected a plain value");
    return false;
  }

  void open(Node::Kind kind, Position mark, const std::string& tag, YAML::anchor_t anchor) {
    if (frames_.size() >= depth_limit) too_deep(mark);
    charge(mark, {});
    const bool plain = check_tag(mark, tag);
    Frame& frame = frames_.emplace_back();
    frame.node.broken = !plain;
    frame.node.kind = kind;
    frame.node.mark = mark;
    frame.anchor = anchor;
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    for (const auto& source : frame.merged) merge(frame, source);
    finish(std::move(frame.node), frame.anchor);
  }

  void merge(Frame& frame, const Node& source) {
    for (const auto& entry : source.entries) {
      if (frame.seen.emplace(entry.key, frame.node.entries.size()).second) frame.node.entries.push_back(entry);
    }
  }

  void finish(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      charge(node.mark, weigh(node));
      anchors_.insert_or_assign(anchor, node);
    }
    if (frames_.empty()) {
      root_ = std::move(node);
    } else if (Frame& frame = frames_.back(); frame.node.kind == Node::Kind::list) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      take_key(frame, std::move(node));
    } else {
      take_value(frame, std::move(node));
    }
  }

  void take_key(Frame& frame, Node node) {
    frame.has_key = true;
    frame.skip = node.kind != Node::Kind::scalar;
    frame.key_mark = node.mark;
    if (frame.skip) {
      const bool braces = node.kind == Node::Kind::map;
      report_.fault(
          node.mark, {},
          "a key must be a text, found " + found(node) + (braces ? "; put a text that begins with `{` in quotes" : ""));
      frame.node.broken = true;
      return;
    }
    frame.merging = !node.quoted && node.text == "<<";
    frame.key = std::move(node.text);
    if (frame.merging) {
      if (frame.merge_mark.line == 0) {
        frame.merge_mark = frame.key_mark;
        return;
      }
      frame.skip = true;
      report_.fault(frame.key_mark, {},
                    "the key `<<` is here twice; the first is at line " + std::to_string(frame.merge_mark.line) +
                        ": merge both with `<<: [*a, *b]`");
      return;
    }
    const auto known = frame.seen.find(frame.key);
    if (known == frame.seen.end()) return;
    frame.skip = true;
    const auto first = frame.node.entries[known->second].mark;
    report_.fault(frame.key_mark, {},
                  "the key " + quote(frame.key) + " is here twice; the first is at line " + std::to_string(first.line));
  }

  void take_value(Frame& frame, Node node) {
    frame.has_key = false;
    if (frame.skip) return;
    if (frame.merging) {
      take_merge(frame, std::move(node));
      return;
    }
    frame.seen.emplace(frame.key, frame.node.entries.size());
    frame.node.entries.push_back({std::move(frame.key), frame.key_mark, std::move(node)});
  }

  void take_merge(Frame& frame, Node node) {
    if (node.kind == Node::Kind::map) {
      frame.merged.push_back(std::move(node));
      return;
    }
    const bool maps =
        node.kind == Node::Kind::list && std::all_of(node.items.begin(), node.items.end(),
                                                     [](const Node& item) { return item.kind == Node::Kind::map; });
    if (!maps) {
      report_.fault(frame.key_mark, {}, "`<<` merges a map or a list of maps, found " + found(node));
      return;
    }
    std::move(node.items.begin(), node.items.end(), std::back_inserter(frame.merged));
  }

  const std::uint32_t file_;
  FaultList& report_;
  Spent& spent_;
  MemoryBuffer& buffer_;
  Node& root_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Node> anchors_;
  std::size_t last_quoted_ = std::string::npos;
};

// Where the byte at `offset` stands.
Position mark_of(std::string_view text, std::size_t offset, std::uint32_t file) {
  const auto before = text.substr(0, offset);
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  const auto start = before.rfind('\n');
  const std::size_t column = start == std::string_view::npos ? offset : offset - start - 1;
  return {file, line + 1, static_cast<std::uint32_t>(column + 1)};
}

// What begins at `mark`, where the first document has ended, is one too many.
void refuse_second(std::string_view text, Position mark, FaultList& report) {
  const auto first = text.find_first_not_of(" \t\r\n");  // a `---` there begins the first document
  const auto line = text.find("\n---", first == std::string_view::npos ? 0 : first);
  if (line == std::string_view::npos)
    return report.fault(mark, {}, "text behind the end of the document; expected nothing more");
  report.fault(mark_of(text, line + 1, mark.file), {},
               "a second document in the file; expected one: put all keys into the first, without `---`");
}

}  // namespace

bool parse(std::string_view text, std::uint32_t file, FaultList& report, Spent& spent, Node& root) {
  const auto refuse = [&](std::size_t offset, std::string message) {
    report.fault(mark_of(text, offset, file), {}, std::move(message));
    return false;
  };
  spent.bytes += text.size();
  if (spent.bytes > file_limit) {
    report.fault({file, 0, 0}, {}, "larger than " + format(Size{file_limit}) + ", together with the files before it");
    return false;
  }
  text = without_byte_order_mark(text);
  if (const auto bad = std::min(text.find('\0'), bad_utf8(text)); bad != std::string_view::npos) {
    const auto other = encoding_fault(text);
    const bool named = other.find("UTF-16") != std::string::npos;
    return refuse(named ? 0 : bad, named ? "the file " + other : "not a text in UTF-8");
  }
  MemoryBuffer buffer(text);
  TreeMaker maker(file, report, spent, buffer, root);
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(maker);
    Node second;
    TreeMaker rest(file, report, spent, buffer, second);
    if (parser.HandleNextDocument(rest)) {
      refuse_second(text, second.mark, report);
      return false;
    }
  } catch (const Stop&) {
    return false;
  } catch (const TooLongStretch&) {
    return refuse(buffer.seen(), "more than " + format(Size{stretch_limit}) + " from here without a value");
  } catch (const YAML::Exception& error) {
    const auto noticed = error.mark.is_null() ? 0 : static_cast<std::size_t>(error.mark.pos);
    auto [offset, message] = diagnose(text, noticed, error.msg);
    return refuse(offset, std::move(message));
  }
  if (!ends_its_quotes(text, maker.last_quoted())) {
    return refuse(maker.last_quoted(),
                  "the quotes that begin here do not end; expected them before the end of the file");
  }
  return true;
}

}  // namespace tributary::config
