#include <inference_models/inference_models.hpp>

#include <iostream>

// Uses both what is inline and what lives in the library, and catches the library's error across its border.
int main() {
    const auto description = inference_models::AutoModel::describe_runtime();
    try {
        (void)inference_models::AutoModel::from_pretrained("/nowhere/model");
    } catch (const inference_models::Error& error) {
        std::cout << inference_models::kVersion << ' ' << description.product_version << ' ' << to_string(error.kind())
                  << '\n';
        return 0;
    }
    return 1;
}
