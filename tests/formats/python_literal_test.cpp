#include "formats/python_literal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inference_models::formats {
namespace {

std::string text_of(const std::string& literal) {
    const auto value = parse_python_literal(literal);
    const auto* const text = value ? value->as<std::string>() : nullptr;
    return text == nullptr ? "no text" : *text;
}

TEST(PythonLiteral, Scalars) {
    EXPECT_TRUE(parse_python_literal("None")->as<std::monostate>());
    EXPECT_TRUE(*parse_python_literal(" True ")->as<bool>());
    EXPECT_FALSE(*parse_python_literal("False")->as<bool>());
    EXPECT_EQ(*parse_python_literal("-17")->as<std::int64_t>(), -17);
    EXPECT_EQ(*parse_python_literal("1.5e3")->as<double>(), 1500.0);
}

/// The right side is what Python prints for the value of the left side.
TEST(PythonLiteral, TextsAsReprWritesThem) {
    EXPECT_EQ(text_of(R"('traffic light')"), "traffic light");
    EXPECT_EQ(text_of(R"("driver's seat")"), "driver's seat");
    EXPECT_EQ(text_of(R"('both \' and "')"), "both ' and \"");
    EXPECT_EQ(text_of(R"('a\\b\n\t')"), "a\\b\n\t");
    EXPECT_EQ(text_of(R"('\xe9\u20ac\U0001f600')"), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_EQ(text_of("'Stra\xc3\x9f"
                      "e, {0: 1}'"),
              "Stra\xc3\x9f"
              "e, {0: 1}");
}

TEST(PythonLiteral, Containers) {
    const auto dict = parse_python_literal("{0: 'person', 1: [1, (2, 3), {}],}");
    ASSERT_TRUE(dict && dict->as<PythonDict>());
    const PythonDict& items = *dict->as<PythonDict>();
    ASSERT_EQ(items.size(), 2);
    EXPECT_EQ(*items[0].key.as<std::int64_t>(), 0);
    EXPECT_EQ(*items[0].value.as<std::string>(), "person");
    ASSERT_TRUE(items[1].value.as<PythonList>());
    EXPECT_EQ(items[1].value.as<PythonList>()->size(), 3);
    EXPECT_TRUE(parse_python_literal("[]")->as<PythonList>()->empty());
    EXPECT_TRUE(parse_python_literal("()")->as<PythonList>()->empty());
}

TEST(PythonLiteral, EverythingElseIsRefused) {
    for (const char* const text : {"",
                                   "person",
                                   "{",
                                   "{0}",
                                   "{0: }",
                                   "{0: 1",
                                   "[1 2]",
                                   "[1,,2]",
                                   "'open",
                                   "'\\",
                                   "'\\x4'",
                                   "'\\ud800'",
                                   "'\\q'",
                                   "1 2",
                                   "--1",
                                   "[1)",
                                   "99999999999999999999x",
                                   "__import__('os')",
                                   "{**a}",
                                   "Nonesuch",
                                   "'a' 'b'"}) {
        EXPECT_FALSE(parse_python_literal(text)) << text;
    }
    EXPECT_FALSE(parse_python_literal(std::string(100'000, '[')));
}

}  // namespace
}  // namespace inference_models::formats
