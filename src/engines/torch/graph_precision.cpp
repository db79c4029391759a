#include "engines/torch/graph_precision.hpp"

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engines/torch/common.hpp"

namespace inference_models::torch {
namespace {

using ::torch::jit::Graph;
using ::torch::jit::Node;
using ::torch::jit::Value;

/// From here on it is worth it.
constexpr std::int64_t kLeastReduction = 8;

/// Operators that choose, move or add numbers: what they are given in bf16 they give back without losing more.
constexpr std::array<std::string_view, 29> kTransparent{
    "aten::silu",
    "aten::relu",
    "aten::leaky_relu",
    "aten::hardswish",
    "aten::sigmoid",
    "aten::gelu",
    "aten::mish",
    "aten::hardtanh",
    "aten::relu6",
    "aten::hardsigmoid",
    "aten::add",
    "aten::mul",
    "aten::cat",
    "aten::split",
    "aten::chunk",
    "aten::split_with_sizes",
    "aten::slice",
    "aten::max_pool2d",
    "aten::avg_pool2d",
    "aten::adaptive_avg_pool2d",
    "aten::contiguous",
    "aten::dropout",
    "aten::pad",
    "aten::constant_pad_nd",
    "aten::mean",
    "prim::ListConstruct",
    "prim::ListUnpack",
    "aten::upsample_nearest2d",
    "aten::upsample_bilinear2d",
};

bool is_tensor(const Value& value) {
    return value.type()->kind() == c10::TypeKind::TensorType;
}

bool is_list_of_tensors(const Value& value) {
    const auto list = value.type()->cast<c10::ListType>();
    return list && list->getElementType()->kind() == c10::TypeKind::TensorType;
}

std::optional<at::Tensor> constant(const Value& value) {
    if (value.node()->kind() != ::torch::jit::prim::Constant || !is_tensor(value)) return std::nullopt;
    return value.node()->t(c10::Symbol::attr("value"));
}

/// Of weights and biases alike; a convolution may have no bias.
bool is_fp32_constant_or_none(const Value& value) {
    if (value.type()->kind() == c10::TypeKind::NoneType) return true;
    const auto tensor = constant(value);
    return tensor && tensor->scalar_type() == at::kFloat;
}

/// Of two dimensions, from constants to be had.
bool is_convolution(const Node& node) {
    constexpr std::array<std::string_view, 2> kKinds{"aten::_convolution", "aten::conv2d"};
    if (std::ranges::find(kKinds, node.kind().toQualString()) == kKinds.end()) return false;
    const auto weight = constant(*node.input(1));
    return weight && weight->dim() == 4 && weight->scalar_type() == at::kFloat &&
           is_fp32_constant_or_none(*node.input(2));
}

/// By how much an operator makes an image smaller, in one direction.
std::int64_t stride_of(const Node& node) {
    const std::string_view kind = node.kind().toQualString();
    const bool is_pooling = kind == "aten::max_pool2d" || kind == "aten::avg_pool2d";
    if (!is_pooling && !is_convolution(node)) return 1;
    const auto strides = ::torch::jit::toIValue(node.input(is_pooling ? 2 : 3));
    if (!strides || !strides->isIntList() || strides->toIntVector().empty()) return 1;
    const auto vector = strides->toIntVector();
    return std::max<std::int64_t>(1, *std::ranges::min_element(vector));
}

/// The nodes of a graph that can and shall compute in bf16.
class Region {
public:
    explicit Region(Graph& graph) {
        find_possible(graph);
        for (Node* const node : possible_) keep_if_it_leads(*node);
        std::ranges::reverse(nodes_);
    }

    /// In the order of the graph.
    [[nodiscard]] const std::vector<Node*>& nodes() const { return nodes_; }
    [[nodiscard]] bool has(const Node& node) const { return kept_.contains(&node); }

private:
    /// From the first convolution of a reduced image on, as far as bf16 goes; the last nodes come first.
    void find_possible(Graph& graph) {
        std::unordered_map<const Value*, std::int64_t> reductions;
        std::unordered_set<const Value*> reached;
        for (Node* const node : graph.nodes()) {
            std::int64_t reduction = 1;
            for (const Value* const input : node->inputs()) reduction = std::max(reduction, reductions[input]);
            const bool is_possible = is_convolution(*node) ? reduction >= kLeastReduction : passes(*node, reached);
            if (is_possible) possible_.push_back(node);
            reduction *= stride_of(*node);
            for (const Value* const output : node->outputs()) {
                reductions[output] = reduction;
                if (is_possible) reached.insert(output);
            }
        }
        std::ranges::reverse(possible_);
    }

    /// Whether an operator gets nothing but bf16 and can give it back. A list of tensors has one user, so that both
    /// have it in the same precision.
    static bool passes(const Node& node, const std::unordered_set<const Value*>& reached) {
        if (std::ranges::find(kTransparent, node.kind().toQualString()) == kTransparent.end()) return false;
        bool has_tensors = false;
        for (const Value* const input : node.inputs()) {
            if (!is_tensor(*input) && !is_list_of_tensors(*input)) continue;
            if (!reached.contains(input)) return false;
            has_tensors = true;
        }
        return has_tensors && std::ranges::all_of(node.outputs(), [](const Value* output) {
                   if (!is_list_of_tensors(*output)) return is_tensor(*output);
                   return output->uses().size() == 1 &&
                          (output->node()->kind() == ::torch::jit::prim::ListConstruct ||
                           output->uses()[0].user->kind() == ::torch::jit::prim::ListUnpack);
               });
    }

    /// Keeps what comes before another convolution.
    void keep_if_it_leads(Node& node) {
        const bool leads =
            std::ranges::any_of(node.outputs(), [&](const Value* output) { return leading_.contains(output); });
        if (leads) {
            kept_.insert(&node);
            nodes_.push_back(&node);
        }
        if (is_convolution(node)) {
            leading_.insert(node.input(0));
        } else if (leads) {
            leading_.insert(node.inputs().begin(), node.inputs().end());
        }
    }

    std::vector<Node*> possible_;
    std::unordered_set<const Value*> leading_;
    std::unordered_set<const Node*> kept_;
    std::vector<Node*> nodes_;
};

/// Puts casts where values cross the border of a region, one for each value and direction.
class Caster {
public:
    explicit Caster(Graph& graph) : graph_(graph) {}

    /// `value` in another type; it comes right after the value.
    Value* cast(Value* value, at::ScalarType type) {
        Value*& made = made_[value];
        if (made != nullptr) return made;
        Node* const parameters = graph_.block()->param_node();
        Node* const after = value->node() == parameters ? *graph_.nodes().begin() : value->node()->next();
        const ::torch::jit::WithInsertPoint here(after);
        Value* const no = graph_.insertConstant(false);
        Value* const none = graph_.insertConstant(c10::IValue());
        Node* const node = graph_.create(c10::Symbol::fromQualString("aten::to"),
                                         {value, graph_.insertConstant(static_cast<std::int64_t>(type)), no, no, none});
        made = graph_.insertNode(node)->output();
        return made;
    }

private:
    Graph& graph_;
    std::unordered_map<const Value*, Value*> made_;
};

void lower_weights(Graph& graph, Node& convolution) {
    const ::torch::jit::WithInsertPoint here(&convolution);
    for (const std::size_t index : {std::size_t{1}, std::size_t{2}}) {
        const auto tensor = constant(*convolution.input(index));
        if (tensor) convolution.replaceInput(index, graph.insertConstant(tensor->to(at::kBFloat16)));
    }
}

/// Gives a node of the region bf16, and everybody else what it makes in fp32.
void lower_node(Node& node, const Region& region, Caster& caster) {
    for (std::size_t i = 0; i < node.inputs().size(); ++i) {
        Value* const input = node.input(i);
        if (!is_tensor(*input) || region.has(*input->node()) || constant(*input)) continue;
        node.replaceInput(i, caster.cast(input, at::kBFloat16));
    }
    for (Value* const output : node.outputs()) {
        output->setType(is_tensor(*output) ? c10::TensorType::get() : output->type());
        const auto uses = output->uses();  // a copy: casting changes them
        for (const auto& use : uses) {
            if (region.has(*use.user) || is_list_of_tensors(*output)) continue;
            use.user->replaceInput(use.offset, caster.cast(output, at::kFloat));
        }
    }
}

/// A graph that overwrites tensors cannot be cut into parts of different types.
void remove_mutation(Graph& graph, const std::string& path) {
    const std::shared_ptr<Graph> shared(std::shared_ptr<Graph>{}, &graph);
    ::torch::jit::RemoveTensorMutation(shared);
    for (const Node* const node : graph.nodes()) {
        const auto* const schema = node->maybeSchema();
        if (schema == nullptr || !schema->is_mutable()) continue;
        throw Failure(IM_FAILURE_REQUEST,
                      "the network in " + path + " overwrites tensors (" + node->kind().toQualString() +
                          "), so that only parts of it could compute in bf16",
                      "Ask for fp32.");
    }
}

void raise_constants(Node& node) {
    if (node.kind() != ::torch::jit::prim::Constant || !is_tensor(*node.output())) return;
    const at::Tensor& tensor = node.t(c10::Symbol::attr("value"));
    const bool is_half = tensor.scalar_type() == at::kHalf || tensor.scalar_type() == at::kBFloat16;
    if (!is_half) return;
    node.t_(c10::Symbol::attr("value"), tensor.to(at::kFloat));
    node.output()->setType(c10::TensorType::get());
}

/// Operators that are told a type, such as a cast of a trace.
void raise_wanted_types(Graph& graph, Node& node) {
    const auto* const schema = node.maybeSchema();
    if (schema == nullptr) return;
    for (std::size_t i = 0; i < schema->arguments().size(); ++i) {
        if (schema->arguments()[i].name() != "dtype") continue;
        const auto type = ::torch::jit::toIValue(node.input(i));
        if (!type || !type->isInt()) continue;
        const auto scalar = static_cast<at::ScalarType>(type->toInt());
        if (scalar != at::kHalf && scalar != at::kBFloat16) continue;
        const ::torch::jit::WithInsertPoint here(&node);
        node.replaceInput(i, graph.insertConstant(static_cast<std::int64_t>(at::kFloat)));
    }
}

}  // namespace

void raise_to_fp32(Graph& graph) {
    const std::vector<Node*> nodes(graph.nodes().begin(), graph.nodes().end());
    for (Node* const node : nodes) {
        raise_constants(*node);
        raise_wanted_types(graph, *node);
    }
}

void lower_to_bf16(Graph& graph, const std::string& path) {
    remove_mutation(graph, path);
    const Region region(graph);
    if (region.nodes().empty()) {
        throw Failure(IM_FAILURE_REQUEST,
                      "the network in " + path + " has no convolutions that PyTorch would compute in bf16",
                      "Ask for fp32.");
    }
    Caster caster(graph);
    for (Node* const node : region.nodes()) {
        if (is_convolution(*node)) lower_weights(graph, *node);
        lower_node(*node, region, caster);
    }
    ::torch::jit::EliminateDeadCode(graph.block());
}

}  // namespace inference_models::torch
