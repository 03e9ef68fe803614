"""What exported host functions call: as call.py for Python, in C++, and only what is used."""

from __future__ import annotations

from collections.abc import Iterable

from bitale_backend_cuda import call
from bitale_backend_cuda.groups import BLOCK
from bitale_backend_cuda.host.libraries import LIBRARIES

CONSTANTS = {
    "BLOCK": (BLOCK, "threads"),
    "LINE": (call.LINE, "bytes to which arrays in the workspace are aligned"),
    "WAVES": (call.WAVES, "blocks per multiprocessor, from which threads take several iterations each"),
    "PARTS": (call.PARTS, "blocks per multiprocessor that leave partial results"),
    "FULL": (call.FULL, "threads of a multiprocessor"),
    "LEAST": (call.LEAST, "iterations that a thread takes of a chunk"),
    "MOST_CHUNKS": (call.MOST_CHUNKS, "of a loop"),
    "FEWEST": (call.FEWEST, "elements that a growing array has room for at first"),
}
CHECKS = """\
// What goes wrong is thrown, as a code for @name@_error.
inline void bitale_check(cudaError_t error) {
    if (error == cudaSuccess) return;
    cudaGetLastError();  // which forgets it
    throw error == cudaErrorMemoryAllocation ? -1 : -100 - (int)error;
}"""
SYMBOL = """\
// Where an array of this file lies on the device.
template <class T> const void *bitale_symbol(const T &array) {
    void *place = nullptr;
    bitale_check(cudaGetSymbolAddress(&place, array));
    return place;
}"""
PUT = """\
__global__ void bitale_put(char *place, int64_t low, int64_t high, int64_t bytes) {
    const int64_t words[] = {low, high};
    memcpy(place, words, (size_t)bytes);
}"""
INPUT = """\
struct bitale_input {
    const void *memory;  // on the device; of a number, here
    const int64_t *shape;
};"""
HEAD = """\
// One call: its arrays, its memory, and the launches that it makes.
struct bitale_call {
    cudaStream_t stream;
    const bitale_input *inputs;
    void **results;
    int64_t **shapes;  // of those results that are allocated here
    std::vector<void *> kept;
    int64_t processors = 1;

    bitale_call(cudaStream_t stream, const bitale_input *inputs, void **results, int64_t **shapes)
        : stream(stream), inputs(inputs), results(results), shapes(shapes) {
        int device = 0, count = 1;
        bitale_check(cudaGetDevice(&device));
        bitale_check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device));
        processors = count;
    }
    bitale_call(const bitale_call &) = delete;
    ~bitale_call() {
        for (void *memory : kept) @NAME@_FREE(memory, stream);
    }"""
METHODS = {
    "memory": """\
    void *memory(int64_t bytes) {
        void *place = nullptr;
        bitale_check(@NAME@_MALLOC(&place, (size_t)std::max<int64_t>(bytes, 1), stream));
        return place;
    }""",
    "temporary": """\
    int64_t temporary(int64_t bytes) {
        kept.reserve(kept.size() + 1);
        kept.push_back(memory(bytes));
        return (int64_t)kept.back();
    }""",
    "address": """\
    int64_t address(int slot) { return (int64_t)inputs[slot].memory; }""",
    "length": """\
    int64_t length(int slot, int axis) { return inputs[slot].shape[axis]; }""",
    "value": """\
    template <class T> T value(int slot) {  // an argument that is a number
        T number;
        memcpy(&number, inputs[slot].memory, sizeof number);
        return number;
    }""",
    "put": """\
    template <class T> int64_t put(int slot) {  // the same on the device
        int64_t words[2] = {}, place = temporary(sizeof words);
        memcpy(words, inputs[slot].memory, sizeof(T));
        launch(bitale_put, 1, 1, place, words[0], words[1], (int64_t)sizeof(T));
        return place;
    }""",
    "allocate": """\
    int64_t allocate(int slot, int64_t bytes, std::initializer_list<int64_t> shape) {
        if (!results[slot] && shapes[slot]) {
            results[slot] = memory(bytes);
            std::copy(shape.begin(), shape.end(), shapes[slot]);
        }
        return (int64_t)results[slot];
    }""",
    "grow": """\
    void grow(int64_t &address, int64_t &room, int64_t used, int64_t bytes) {
        room = std::max(2 * used, FEWEST);
        const int64_t larger = temporary(room * bytes);
        if (used) copy(larger, address, used * bytes);
        address = larger;
    }""",
    "lines": """\
    int64_t lines(int64_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }""",
    "copy": """\
    void copy(int64_t target, int64_t source, int64_t bytes) {
        bitale_check(cudaMemcpyAsync((void *)target, (const void *)source, (size_t)bytes, cudaMemcpyDeviceToDevice,
                                     stream));
    }""",
    "download": """\
    void download(void *target, int64_t source, int64_t bytes) {  // waits
        bitale_check(cudaMemcpyAsync(target, (const void *)source, (size_t)bytes, cudaMemcpyDeviceToHost, stream));
        bitale_check(cudaStreamSynchronize(stream));
    }""",
    "read": """\
    template <class T> T read(int64_t address) {
        T number;
        download(&number, address, sizeof number);
        return number;
    }""",
    "blocks": """\
    int64_t blocks(int64_t count, int64_t size, int64_t most) {  // that share `count` iterations, each `size` at first
        return std::max<int64_t>(1, std::min((count + size - 1) / size, processors * most));
    }""",
    "threads": """\
    int64_t threads(int64_t count, int64_t width = 1) { return blocks(count, BLOCK * width, WAVES); }""",
    "total": """\
    int64_t total(int64_t count, int64_t width = 1) { return blocks(count, BLOCK * width, PARTS); }""",
    "groups": """\
    int64_t groups(int64_t count, int64_t lanes) { return blocks(count, BLOCK / lanes, WAVES); }""",
    "chunks": """\
    int64_t chunks(int64_t count, int64_t lanes, int64_t length) {
        const int64_t wanted = processors * FULL / std::max<int64_t>(count * lanes, 1);
        return std::max<int64_t>(1, std::min({wanted, length / (lanes * LEAST), MOST_CHUNKS}));
    }""",
    "launch": """\
    template <class... P, class... A> void launch(void (*kernel)(P...), int64_t grid, int block, A... given) {
        static_assert(sizeof...(P) == sizeof...(A), "a kernel takes addresses and numbers of 64 bits");
        int64_t arguments[] = {given..., 0};
        void *places[sizeof...(A) + 1] = {};
        for (size_t i = 0; i < sizeof...(A); i++) places[i] = &arguments[i];
        bitale_check(cudaLaunchKernel(kernel, dim3((unsigned)grid), dim3((unsigned)block), places, 0, stream));
    }""",
    "status": """\
    // Where kernels leave the first check that failed, and the values it reports.
    int64_t found = 0;
    int64_t status() {
        found = temporary(40);
        bitale_check(cudaMemsetAsync((void *)found, 0, 40, stream));
        return found;
    }
    void check() {  // waits
        int64_t code = 0;
        download(&code, found, sizeof code);
        if (code) throw (int)code;
    }""",
    "on_host": """\
    struct Array { int64_t address, bytes; bool written; };
    void on_host(void (*step)(void *const *, const int64_t *), std::initializer_list<Array> arrays,
                 std::initializer_list<int64_t> lengths) {  // waits
        std::map<int64_t, std::vector<char>> copies;
        for (const Array &array : arrays) {
            std::vector<char> &copy = copies[array.address];
            if ((int64_t)copy.size() < array.bytes) copy.resize((size_t)array.bytes);
        }
        for (auto &[address, copy] : copies) download(copy.data(), address, (int64_t)copy.size());
        std::vector<void *> places;
        for (const Array &array : arrays) places.push_back(copies[array.address].data());
        step(places.data(), lengths.begin());
        for (const Array &array : arrays) {
            const std::vector<char> &copy = copies[array.address];
            if (!array.written || copy.empty()) continue;
            bitale_check(cudaMemcpyAsync((void *)array.address, copy.data(), copy.size(), cudaMemcpyHostToDevice,
                                         stream));
        }
        bitale_check(cudaStreamSynchronize(stream));
    }""",
} | {name: library.method for name, library in LIBRARIES.items() if library.method}
SUPPORT = {"symbol": SYMBOL, "put": PUT} | {name: library.support for name, library in LIBRARIES.items()}
NEEDS = {
    "temporary": ("memory",), "allocate": ("memory",), "put": ("launch", "temporary", "memory"),
    "grow": ("copy", "temporary", "memory"), "read": ("download",), "threads": ("blocks",), "total": ("blocks",),
    "groups": ("blocks",), "status": ("download", "temporary", "memory"), "on_host": ("download",),
    "fft": ("temporary", "memory"),
}  # fmt: skip


def runtime(name: str, used: Iterable[str]) -> list[str]:
    """The lines before the host's function `name`, which uses these methods and functions."""
    used = set(used)
    needed = used & METHODS.keys()
    for method in list(needed):
        needed |= set(NEEDS.get(method, ()))
    methods = [text for method, text in METHODS.items() if method in needed]
    words = " ".join([*methods, HEAD])
    constants = [
        f"constexpr int64_t {key} = {value};  // {what}" for key, (value, what) in CONSTANTS.items() if key in words
    ]
    support = [text for method, text in SUPPORT.items() if method in used and text]
    text = "\n\n".join(["\n".join(constants), CHECKS, *support, INPUT, "\n".join([HEAD, *methods]) + "\n};"])
    return text.replace("@NAME@", name.upper()).replace("@name@", name).splitlines()
