// Settings that many hold and nobody changes: one object, however many connectors, links and sessions look at it.
#pragma once

#include <memory>
#include <utility>

namespace tributary::config {

// A const T with several holders; never empty. Made of a value, of a pointer to one, or of a part of another. Copying
// shares. Thread: any, as T's const functions are.
template <typename T>
class Shared {
 public:
  Shared() : Shared(T()) {}
  Shared(T value) : held_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: a value is as good as a pointer

  // The same object as its own type; throws std::bad_cast when it is another's.
  template <typename Base>
  static Shared from(const std::shared_ptr<Base>& base) {
    return Shared(std::shared_ptr<const T>(base, &dynamic_cast<const T&>(*base)));
  }
  // A member of it, which keeps the whole alive.
  template <typename Whole, typename Base>
  static Shared part(const std::shared_ptr<Whole>& whole, T Base::*member) {
    return Shared(std::shared_ptr<const T>(whole, &((*whole).*member)));
  }

  const T& operator*() const { return *held_; }
  const T* operator->() const { return held_.get(); }

 private:
  explicit Shared(std::shared_ptr<const T> held) : held_(std::move(held)) {}

  std::shared_ptr<const T> held_;
};

}  // namespace tributary::config
