# tributary_library(NAME FOLDER_SOURCES...) and tributary_test(NAME LIBRARY SOURCES...): the two shapes a folder has.
function(tributary_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# A unit-test program of one folder; each GoogleTest case is one ctest case. TRIBUTARY_SOURCE_DIR is where testdata is.
function(tributary_test name library)
  if(NOT TRIBUTARY_TESTS)
    return()
  endif()
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ${library} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TRIBUTARY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120 PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
