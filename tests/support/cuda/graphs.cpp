// A CUDA driver that only keeps graphs, and tells what is in them. The header is NVIDIA's, so that a function with other
// arguments, or a structure laid out in another way than Python has it, does not pass.
#include <cuda.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

struct CUgraphNode_st {
    std::string text;
    const CUgraphNode_st *before;
};
struct CUgraph_st {
    std::vector<CUgraphNode> nodes;
};

namespace {

// A kernel is stood for by the address of the number of its arguments, all of them 64-bit integers.
std::string described(const CUDA_KERNEL_NODE_PARAMS *p) {
    char line[160];
    std::snprintf(line, sizeof line, "kernel grid %u %u %u block %u %u %u shared %u extra %p kern %p ctx %p:", p->gridDimX,
                  p->gridDimY, p->gridDimZ, p->blockDimX, p->blockDimY, p->blockDimZ, p->sharedMemBytes,
                  (void *)p->extra, (void *)p->kern, (void *)p->ctx);
    std::string text = line;
    const int64_t count = *reinterpret_cast<const int64_t *>(p->func);
    for (int64_t k = 0; k < count; k++) text += " " + std::to_string(*static_cast<const int64_t *>(p->kernelParams[k]));
    return text;
}

CUresult add(CUgraphNode *node, CUgraph graph, const CUgraphNode *before, size_t count, std::string text) {
    if (count > 1 || (count == 1) != !graph->nodes.empty() || (count && before[0] != graph->nodes.back()))
        return CUDA_ERROR_INVALID_VALUE;
    *node = new CUgraphNode_st{text, count ? before[0] : nullptr};
    graph->nodes.push_back(*node);
    return CUDA_SUCCESS;
}

std::string told(const CUgraph_st *graph) {
    std::string text;
    for (const CUgraphNode_st *node : graph->nodes) text += node->text + "\n";
    return text;
}

}  // namespace

extern "C" {

CUresult cuGraphCreate(CUgraph *graph, unsigned int flags) {
    *graph = new CUgraph_st;
    return flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
    *count = graph->nodes.size();
    return nodes ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuGraphAddKernelNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *before, size_t count,
                              const CUDA_KERNEL_NODE_PARAMS *parameters) {
    return add(node, graph, before, count, described(parameters));
}

CUresult cuGraphAddChildGraphNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *before, size_t count,
                                  CUgraph child) {
    return add(node, graph, before, count, "inside: " + told(child));
}

// Executable graphs are the graphs themselves.
CUresult cuGraphExecKernelNodeSetParams(CUgraphExec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS *parameters) {
    node->text = described(parameters);
    return CUDA_SUCCESS;
}

CUresult cuGraphExecChildGraphNodeSetParams(CUgraphExec, CUgraphNode node, CUgraph child) {
    if (told(child).find("666") != std::string::npos) return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
    node->text = "inside: " + told(child);
    return CUDA_SUCCESS;
}

size_t size_of_parameters() { return sizeof(CUDA_KERNEL_NODE_PARAMS); }

// What stands for CUDA's runtime, in the test.
const char *tell(CUgraph graph) {
    static std::string text;
    text = told(graph);
    return text.c_str();
}

void put(CUgraph graph, const char *text) { graph->nodes.push_back(new CUgraphNode_st{text, nullptr}); }
}
