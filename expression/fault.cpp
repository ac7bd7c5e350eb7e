#include "expression/fault.hpp"

namespace tributary::expression {

std::string words_of(const Fault& fault) {
  return "at character " + std::to_string(fault.character) + ": " + fault.message;
}

}  // namespace tributary::expression
