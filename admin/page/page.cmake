# admin/page/page.* and icon.svg as a source file: `embedded("page.html")`.
set(tributary_page_source "${CMAKE_CURRENT_BINARY_DIR}/page_embedded.cpp")
set(tributary_page_code "// Made by admin/page/page.cmake.\n#include \"admin/page/embedded.hpp\"\n\n")
string(APPEND tributary_page_code "namespace tributary::admin {\n\nstd::string_view embedded(std::string_view file) {\n")
foreach(name IN ITEMS page.html page.css page.js icon.svg)
  set(file "${CMAKE_CURRENT_SOURCE_DIR}/page/${name}")
  file(READ "${file}" text)
  string(APPEND tributary_page_code "  if (file == \"${name}\") {\n    return R\"embedded(${text})embedded\";\n  }\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
endforeach()
string(APPEND tributary_page_code "  return {};\n}\n\n}  // namespace tributary::admin\n")
file(WRITE "${tributary_page_source}.new" "${tributary_page_code}")
configure_file("${tributary_page_source}.new" "${tributary_page_source}" COPYONLY)  # only when it differs

target_sources(tributary_admin PRIVATE "${tributary_page_source}")
