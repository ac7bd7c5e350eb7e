# tributary_library(NAME FOLDER_SOURCES...) and tributary_test(NAME LIBRARY SOURCES...): the two shapes a folder has.
function(tributary_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  tributary_tidied(${name})
  # Under sanitizers what the unit tests keep least busy is not optimised, which halves the time of its build.
  if(name MATCHES "^tributary_(net|simulators|sinks|admin|daemon)$")
    target_compile_options(${name} PRIVATE ${TRIBUTARY_COLD_OPTIONS})
  endif()
  tributary_hot(${name})
  # What fuzz targets are there for is built once, for them and for the unit tests.
  if(TRIBUTARY_FUZZ AND name MATCHES "^tributary_(text|schema|expression|event|config|connectors|spool)$")
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(${name} INTERFACE -fsanitize=fuzzer-no-link -fprofile-instr-generate)
  endif()
endfunction()

# The folders in which an event costs most are optimised more than the rest. GCC inlines much less in a unit that is larger
# than this parameter, and a unit of several files is: it cost a tenth more instructions for each event.
# With -O3 GCC 12 warns of copies that overlap where none do (its bug 105651).
function(tributary_hot name)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND name MATCHES "^tributary_(text|schema|event|connectors|relay|sinks)$")
    target_compile_options(${name} PRIVATE -O3 $<$<CXX_COMPILER_ID:GNU>:--param=large-unit-insns=1000000 -Wno-restrict>)
  endif()
endfunction()

# clang-tidy, in the preset that names it, looks at what is shipped: of tests it would mostly say that they are not fast.
function(tributary_tidied name)
  set_target_properties(${name} PROPERTIES CXX_CLANG_TIDY "${TRIBUTARY_CLANG_TIDY}")
endfunction()

# A unit-test program of one folder; each GoogleTest case is one ctest case. support::source_dir() is where testdata is.
# Test sources are compiled without optimisation (what they test is not), from one header that is compiled before them
# all: they are two fifths of the files, and would be half of the time of every build.
function(tributary_test name library)
  if(NOT TRIBUTARY_TESTS)
    return()
  endif()
  tributary_test_headers()
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ${library} tributary_test_flags tributary_source_dir)
  target_precompile_headers(${name} REUSE_FROM tributary_test_headers)
  if(TRIBUTARY_LLD)
    target_link_options(${name} PRIVATE -fuse-ld=lld)  # what is shipped is linked by the compiler's own linker
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 PROPERTIES LABELS unit TIMEOUT 300)
  set_property(GLOBAL APPEND PROPERTY tributary_unit_tests $<TARGET_FILE:${name}>)
endfunction()

function(tributary_test_headers)
  if(TARGET tributary_test_headers)
    return()
  endif()
  add_library(tributary_test_flags INTERFACE)
  target_link_libraries(tributary_test_flags INTERFACE
    tributary_boost nlohmann_json::nlohmann_json GTest::gmock GTest::gtest_main)
  # Without UndefinedBehaviorSanitizer, which is two fifths of their time: it is in what is tested. Functions in headers,
  # of which the linker may take a test's copy, are looked at by it in the sanitized program, end to end.
  target_compile_options(tributary_test_flags INTERFACE -O0 -U_FORTIFY_SOURCE
    $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=undefined>)
  file(WRITE ${PROJECT_BINARY_DIR}/test_headers.cpp.new "// There for its precompiled header.\n")
  file(COPY_FILE ${PROJECT_BINARY_DIR}/test_headers.cpp.new ${PROJECT_BINARY_DIR}/test_headers.cpp ONLY_IF_DIFFERENT)
  add_executable(tributary_test_headers ${PROJECT_BINARY_DIR}/test_headers.cpp)  # an executable, as they are
  target_link_libraries(tributary_test_headers PRIVATE tributary_test_flags)
  target_precompile_headers(tributary_test_headers PRIVATE
    <gmock/gmock.h> <nlohmann/json.hpp> <boost/asio/io_context.hpp> <boost/asio/steady_timer.hpp>
    <chrono> <filesystem> <fstream> <functional> <map> <string> <vector>)
endfunction()
