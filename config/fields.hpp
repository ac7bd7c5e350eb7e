// One declaration per settings struct, read in three ways. A struct writes `void describe(Fields&)` once: each key with
// its sentence, its limits and the member it fills, whose initial value is the default. The Reader fills the members
// from YAML and reports every fault; the schema writer and the reference writer print the same declaration.
//
//   struct Kafka : config::Described {
//     std::vector<std::string> brokers;
//     config::Duration linger{5};
//     void describe(config::Fields& fields) override {
//       fields.field({.name = "brokers", .help = "host:port of some brokers", .required = true,
//                     .example = "[localhost:9092]"}, brokers);
//       fields.field({.name = "linger", .help = "how long a batch may wait for more", .minimum = 0, .maximum = 60'000},
//                    linger);
//       if (linger > ...) fields.fault("linger", "what is wrong, what was expected");
//     }
//   };
//
// A describe() decides nothing and does no I/O beyond reading a file that a key names. It may be called many times on
// fresh objects. Faults of its own come after the fields they speak of; outside the Reader they are ignored.
// A Fields lives for one walk; it keeps references into the struct only during the call. Thread: any, one at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/values.hpp"

namespace tributary::config {

// The texts must outlive the walk: literals.
struct Key {
  std::string_view name;
  std::string_view help = {};  // one sentence or less, lower case, no full stop; it becomes the comment and description
  bool required = false;
  std::string_view example = {};  // YAML: shown where there is no default, or beside an empty one
  bool shown = false;             // optional, and in force in the reference: another example there needs it
  std::optional<std::int64_t> minimum = std::nullopt;  // numbers; Duration: milliseconds; Size: bytes; text and lists:
  std::optional<std::int64_t> maximum = std::nullopt;  // how long
};

template <typename E>
struct Choice {
  E value;
  std::string_view name;
};

// How the value of a URL with a password begins where values are told: a number to compare it by, a space, Url::shown.
inline constexpr std::string_view kWithPassword = "with a password, ";

// The harmless form of a key that belongs to a later version. With `member` the key is a map, harmless while that
// member has the text `value` (or is absent, when `absent_is_off`); without, the key itself has the text `value`.
struct Off {
  std::string_view member = {};
  std::string_view value = {};
  bool absent_is_off = true;
};

template <typename T>
concept Describable = requires(T& value, class Fields& fields) {
  value.describe(fields);
};

class Fields {
 public:
  virtual ~Fields() = default;

  void field(const Key& key, std::string& value) { text(key, value); }
  void field(const Key& key, bool& value) { flag(key, value); }
  void field(const Key& key, double& value) { number(key, value); }
  void field(const Key& key, Duration& value) { duration(key, value); }
  void field(const Key& key, Size& value) { size(key, value); }
  void field(const Key& key, Path& value) { path(key, value); }
  void field(const Key& key, Secret& value) { secret(key, value); }
  void field(const Key& key, std::vector<std::string>& value) { texts(key, value); }
  // Values are any scalars, kept as written.
  void field(const Key& key, std::map<std::string, std::string>& value) { text_map(key, value); }
  // Values are secrets or plain text (Kind::value, without a warning).
  void field(const Key& key, std::map<std::string, Secret>& value) { secret_map(key, value); }

  template <std::integral T>
  requires(!std::same_as<T, bool>) void field(const Key& key, T& value);

  // Absent stays nullopt. In the reference an optional key is shown commented out, with its example.
  template <typename T>
  void field(const Key& key, std::optional<T>& value);

  // A nested map: another described struct, or the fields declared by `declare()` (a callable without arguments).
  // An absent group leaves its members as they are; `required` keys in it are required only when it is written.
  template <typename T>
  void group(const Key& key, T&& declare_or_struct);

  // A list of maps, each a T. `declare(T&)` defaults to T::describe. `required` keys hold for each item.
  template <typename T, typename Fn>
  void items(const Key& key, std::vector<T>& value, Fn&& declare);
  template <Describable T>
  void items(const Key& key, std::vector<T>& value) {
    items(key, value, [this](T& item) { item.describe(*this); });
  }

  // One of a few words.
  template <typename E>
  requires(std::is_enum_v<E> ||
           std::is_integral_v<E>) void choice(const Key& key, E& value,
                                              std::initializer_list<Choice<std::type_identity_t<E>>> choices);
  void choice(const Key& key, std::string& value, std::initializer_list<std::string_view> choices);

  // An absolute URL with one of these schemes, which can be dialled. "" is allowed unless the key is required. A
  // password in it is warned of, and told to nobody.
  void url(const Key& key, std::string& value, std::initializer_list<std::string_view> schemes);

  // A key of a later version: refused as `not yet: WHAT` unless it is written in its harmless form. Not in the
  // reference; in the schema only in its harmless form.
  virtual void not_yet(const Key& key, std::string_view what, Off off) = 0;

  // What no single key can say. `key` is a name at the level being declared; when the Reader found its value bad
  // already, nothing is added. With `index` or `member`, the place is in the list or map at `key`.
  virtual void fault(std::string_view key, std::string message) = 0;
  virtual void fault(std::string_view key, std::size_t index, std::string message) = 0;
  virtual void fault(std::string_view key, std::string_view member, std::string message) = 0;
  // Of the key `inner` in that member.
  virtual void fault(std::string_view key, std::string_view member, std::string_view inner, std::string message) = 0;
  virtual void warn(std::string_view key, std::string message) = 0;

  // True when the Reader found the key, at the level being declared, with a value of the right kind. Elsewhere false.
  [[nodiscard]] virtual bool given(std::string_view key) const = 0;
  // True in the Reader only.
  [[nodiscard]] virtual bool reading() const = 0;
  // False when some file could not be read, so that a name not found may stand in it.
  [[nodiscard]] virtual bool complete() const { return true; }
  // A path inside a text (`schema: event | <path>`), against the directory of the file that holds the key.
  [[nodiscard]] virtual std::filesystem::path resolve(std::string_view key, std::string_view written) const = 0;

 protected:
  friend struct Settings;  // for typed()

  virtual void text(const Key& key, std::string& value) = 0;
  virtual void flag(const Key& key, bool& value) = 0;
  virtual void integer(const Key& key, std::int64_t& value) = 0;  // minimum and maximum are set
  virtual void number(const Key& key, double& value) = 0;
  virtual void duration(const Key& key, Duration& value) = 0;
  virtual void size(const Key& key, Size& value) = 0;
  virtual void path(const Key& key, Path& value) = 0;
  virtual void secret(const Key& key, Secret& value) = 0;
  virtual void texts(const Key& key, std::vector<std::string>& value) = 0;
  virtual void text_map(const Key& key, std::map<std::string, std::string>& value) = 0;
  virtual void secret_map(const Key& key, std::map<std::string, Secret>& value) = 0;
  virtual void choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) = 0;

  // Whether to go on into it. An optional value: the very next primitive or group is the one it speaks of.
  virtual bool begin_optional(const Key& key, bool there) = 0;
  virtual bool begin_group(const Key& key) = 0;
  virtual void end_group() = 0;
  virtual std::size_t begin_items(const Key& key, std::size_t there) = 0;  // how many to declare
  virtual bool begin_item(std::size_t index) = 0;
  virtual void end_item() = 0;
  virtual void end_items() = 0;
  // Named entries whose `type` picks the struct: `connectors`, `sinks`.
  virtual void typed(const Key& key, std::span<const struct SettingsType> types,
                     std::vector<struct NamedSettings>& value, bool may_be_disabled) = 0;
};

// A settings object that `type:` picks at run time.
class Described {
 public:
  Described() = default;
  Described(const Described&) = default;
  Described(Described&&) = default;
  Described& operator=(const Described&) = default;
  Described& operator=(Described&&) = default;
  virtual ~Described() = default;
  // Of a channel sink: the keys that all of them have. nullptr: it is none.
  [[nodiscard]] virtual const struct ChannelCommon* channel() const { return nullptr; }
  virtual void describe(Fields& fields) = 0;
};

template <std::integral T>
requires(!std::same_as<T, bool>) void Fields::field(const Key& key, T& value) {
  constexpr auto widest = std::numeric_limits<std::int64_t>::max();
  constexpr auto lowest = std::is_signed_v<T> ? static_cast<std::int64_t>(std::numeric_limits<T>::min()) : 0;
  constexpr auto highest = std::cmp_greater(std::numeric_limits<T>::max(), widest)
                               ? widest
                               : static_cast<std::int64_t>(std::numeric_limits<T>::max());
  Key bounded = key;
  bounded.minimum = key.minimum.value_or(lowest);
  bounded.maximum = key.maximum.value_or(highest);
  auto wide = static_cast<std::int64_t>(value);
  integer(bounded, wide);
  if (reading()) value = static_cast<T>(wide);
}

template <typename T>
void Fields::field(const Key& key, std::optional<T>& value) {
  if (!begin_optional(key, value.has_value())) return;
  T inner = value.value_or(T{});
  if constexpr (Describable<T>) {
    group(key, inner);
  } else {
    field(key, inner);
  }
  if (reading()) value = std::move(inner);
}

template <typename T>
void Fields::group(const Key& key, T&& declare_or_struct) {
  if (!begin_group(key)) return;
  if constexpr (Describable<std::remove_reference_t<T>>) {
    declare_or_struct.describe(*this);
  } else {
    declare_or_struct();
  }
  end_group();
}

template <typename T, typename Fn>
void Fields::items(const Key& key, std::vector<T>& value, Fn&& declare) {
  const std::size_t count = begin_items(key, value.size());
  std::vector<T> read = reading() ? std::vector<T>() : value;
  read.resize(count);
  for (std::size_t index = 0; index < count; ++index) {
    if (!begin_item(index)) continue;
    declare(read[index]);
    end_item();
  }
  end_items();
  if (reading()) value = std::move(read);
}

template <typename E>
requires(std::is_enum_v<E> ||
         std::is_integral_v<E>) void Fields::choice(const Key& key, E& value,
                                                    std::initializer_list<Choice<std::type_identity_t<E>>> choices) {
  std::vector<std::string_view> names;
  std::size_t index = 0;
  for (const auto& choice : choices) {
    if (choice.value == value) index = names.size();
    names.push_back(choice.name);
  }
  choose(key, names, index);
  if (reading()) value = choices.begin()[index].value;
}

}  // namespace tributary::config
