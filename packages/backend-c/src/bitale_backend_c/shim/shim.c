/* Python calls of generated functions: check the arguments, run, hand over results, update shared variables.
   What is out of the ordinary (conversions, errors) goes to callbacks written in Python. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <structmember.h>
#include <time.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>

/* What few calls pass through is compiled as fast as can be: it is a fifth of the time to a process's first call. */
#if defined(__GNUC__) && !defined(__clang__)
#define RARE __attribute__((noinline, optimize("O0")))
#else
#define RARE
#endif

#include "bitale.h"
#include "pool.h"
#include "accept.h"
#include "locks.h"

#if NPY_SIZEOF_INTP != 8
#error "the shim needs a 64-bit machine"
#endif

#define POOLED ((size_t)1 << 16)        /* results from this size on come from the pool */
#define LOCKED_BYTES ((npy_intp)1 << 16) /* inputs up to this size are worked on without releasing the GIL */
#define SCRATCH_BYTES 8192              /* workspace on the stack */
#define FRAME_BYTES 4096

enum { RETURN, UPDATE, DONATED };
enum { SINGLE, LIST, TUPLE, NOTHING };
enum { OUT_OF_MEMORY = -1, UNSETTLED = -2, INCOMPLETE = -3, INTERRUPTED = -4 }; /* why a call failed, besides failures of checks */

typedef struct {
    PyArray_Descr *descr;
    int ndim, kind, target; /* target: the cell of an update */
} Output;

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    bitale_function entry;
    const bitale_blas *blas;
    int threads, heavy, form;
    int arguments, cell_count, input_count, output_count, returned, donated;
    Input *inputs; /* arguments, then cells, then constants */
    Output *outputs;
    size_t frame_bytes;
    Guard *guards; /* the locks of the cells */
    int guard_count;
    PyObject *name, *cells, *constants, *convert, *fail, *wrong_arguments;
    PyObject *details; /* a Python object that answers what this one cannot, or NULL */
} Function;

typedef struct {
    PyObject *array;
    void *memory;
    size_t bytes;
    npy_intp *shape;
} Result;

typedef struct scratch {
    struct scratch *next;
    size_t bytes;
} scratch;

/* One call in progress. The generated function sees its first member. */
typedef struct {
    bitale_call head;
    Function *function;
    int locked; /* whether this thread holds the GIL while the generated function runs */
    int64_t asked; /* when it was last asked whether to stop, in milliseconds */
    int stack_is_taken;
    bitale_array *arrays;
    PyObject **objects; /* owned; NULL for numbers read into `scalars` */
    Scalar *scalars;
    char *replaced; /* per cell: its array had to be copied */
    Result *results;
    scratch *borrowed;
    char stack[SCRATCH_BYTES + CACHE_LINE];
} Call;

static int thread_limit = INT_MAX;

/* ---- results ---- */

typedef struct {
    PyObject_HEAD
    void *memory;
    size_t bytes;
} Block;

static void block_dealloc(PyObject *self)
{
    pool_give(((Block *)self)->memory, ((Block *)self)->bytes);
    PyObject_Free(self);
}

static PyTypeObject BlockType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bitale_shim.Block",
    .tp_doc = "The memory of a large result. It returns to the pool when the last array over it dies.",
    .tp_basicsize = sizeof(Block),
    .tp_dealloc = block_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static PyObject *new_array(const Output *output, const npy_intp *shape, void *memory)
{
    Py_INCREF(output->descr);
    return PyArray_NewFromDescr(&PyArray_Type, output->descr, output->ndim, shape, NULL, memory,
                                memory ? NPY_ARRAY_CARRAY : 0, NULL);
}

static void *allocate(bitale_call *head, int32_t number, const int64_t *shape)
{
    Call *call = (Call *)head;
    const Output *output = &call->function->outputs[number];
    Result *result = &call->results[number];
    size_t bytes = (size_t)PyDataType_ELSIZE(output->descr);
    for (int axis = 0; axis < output->ndim; axis++) {
        if (shape[axis] < 0 || __builtin_mul_overflow(bytes, (size_t)shape[axis], &bytes))
            return NULL;
        result->shape[axis] = shape[axis];
    }
    if (bytes < POOLED && call->locked) {
        result->array = new_array(output, result->shape, NULL);
        return result->array ? PyArray_DATA((PyArrayObject *)result->array) : NULL;
    }
    result->bytes = bytes;
    result->memory = bytes < POOLED ? malloc(bytes ? bytes : 1) : pool_take(bytes);
    return result->memory;
}

static void drop(Result *result)
{
    Py_CLEAR(result->array);
    if (result->memory && result->bytes < POOLED)
        free(result->memory);
    else if (result->memory)
        pool_give(result->memory, result->bytes);
    result->memory = NULL;
}

/* Make the array of a result whose memory was taken while other threads could run. */
static int wrap(const Output *output, Result *result)
{
    if (result->array)
        return 0;
    if (!result->memory)
        return INCOMPLETE;
    if (result->bytes < POOLED) {
        result->array = new_array(output, result->shape, NULL);
        if (!result->array)
            return OUT_OF_MEMORY;
        memcpy(PyArray_DATA((PyArrayObject *)result->array), result->memory, result->bytes);
        free(result->memory);
        result->memory = NULL;
        return 0;
    }
    PyObject *array = new_array(output, result->shape, result->memory);
    Block *block = array ? PyObject_New(Block, &BlockType) : NULL;
    if (!block) {
        Py_XDECREF(array);
        return OUT_OF_MEMORY;
    }
    block->memory = result->memory;
    block->bytes = result->bytes;
    result->memory = NULL;
    result->array = array;
    return PyArray_SetBaseObject((PyArrayObject *)array, (PyObject *)block) ? OUT_OF_MEMORY : 0;
}

static void *workspace(bitale_call *head, int64_t bytes)
{
    Call *call = (Call *)head;
    if (bytes < 0)
        return NULL;
    if (bytes <= SCRATCH_BYTES && !call->stack_is_taken) {
        call->stack_is_taken = 1;
        return (void *)(((uintptr_t)call->stack + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1));
    }
    scratch *memory = pool_take((size_t)bytes + CACHE_LINE);
    if (!memory)
        return NULL;
    memory->next = call->borrowed;
    memory->bytes = (size_t)bytes + CACHE_LINE;
    call->borrowed = memory;
    return (char *)memory + CACHE_LINE;
}

/* ---- inputs ---- */

static void describe(Call *call, int number, PyObject *array)
{
    call->objects[number] = array;
    call->arrays[number].data = PyArray_DATA((PyArrayObject *)array);
    call->arrays[number].shape = (const int64_t *)PyArray_DIMS((PyArrayObject *)array);
    call->arrays[number].strides = (const int64_t *)PyArray_STRIDES((PyArrayObject *)array);
}

/* The array that Python code makes of an object for an input. */
RARE static PyObject *converted(Function *function, int number, PyObject *object)
{
    PyObject *index = PyLong_FromLong(number);
    PyObject *pair[] = {index, object};
    PyObject *array = index ? PyObject_Vectorcall(function->convert, pair, 2, NULL) : NULL;
    Py_XDECREF(index);
    if (array && !acceptable(&function->inputs[number], array)) {
        Py_CLEAR(array);
        PyErr_Format(PyExc_SystemError, "convert gave no array that fits input %d of %S", number, function->name);
    }
    return array;
}

static inline int take(Call *call, int number, PyObject *object)
{
    const Input *wanted = &call->function->inputs[number];
    if (matches(wanted, object)) {
        int as_it_is = in_place(wanted, (PyArrayObject *)object);
        PyObject *array = as_it_is ? Py_NewRef(object) : PyArray_NewCopy((PyArrayObject *)object, NPY_CORDER);
        if (!array)
            return -1;
        describe(call, number, array);
        return 0;
    }
    if (wanted->ndim == 0 && read_scalar(wanted, object, &call->scalars[number])) {
        call->arrays[number].data = &call->scalars[number];
        return 0;
    }
    PyObject *array = converted(call->function, number, object);
    if (!array)
        return -1;
    describe(call, number, array);
    return 0;
}

static PyObject *value_of(PyObject *cell)
{
    return PyList_GET_SIZE(cell) == 1 ? PyList_GET_ITEM(cell, 0) : NULL;
}

static int take_cell(Call *call, int cell)
{
    int number = call->function->arguments + cell;
    PyObject *value = value_of(PyTuple_GET_ITEM(call->function->cells, cell));
    if (!value || !acceptable(&call->function->inputs[number], value))
        return UNSETTLED;
    Py_INCREF(value);
    describe(call, number, value);
    return 0;
}

/* Give every cell an array of a layout that the function can read. */
RARE static int settle_cells(Function *function)
{
    for (int cell = 0; cell < function->cell_count; cell++) {
        PyObject *list = PyTuple_GET_ITEM(function->cells, cell), *value = value_of(list), *array;
        int number = function->arguments + cell;
        if (!value) {
            PyErr_Format(PyExc_ValueError, "the cell of shared variable %d of %S must hold one array", cell,
                         function->name);
            return -1;
        }
        if (acceptable(&function->inputs[number], value))
            continue;
        Py_INCREF(value);
        array = converted(function, number, value);
        Py_DECREF(value);
        if (!array || PyList_SetItem(list, 0, array))
            return -1;
    }
    return 0;
}

RARE static int replace_by_copy(Call *call, int number)
{
    PyObject *old = call->objects[number];
    PyObject *copy = PyArray_NewCopy((PyArrayObject *)old, NPY_CORDER);
    if (!copy)
        return OUT_OF_MEMORY;
    describe(call, number, copy);
    Py_DECREF(old); /* somebody else holds it, too */
    int cell = number - call->function->arguments;
    if (cell >= 0 && cell < call->function->cell_count)
        call->replaced[cell] = 1;
    return 0;
}

/* Memory that the function writes in place must be writeable and shared with no other input. */
static int separate(Call *call)
{
    Function *function = call->function;
    for (int k = 0; k < function->output_count; k++) {
        if (function->outputs[k].kind != DONATED)
            continue;
        int target = function->arguments + function->outputs[k].target;
        PyArrayObject *donated = (PyArrayObject *)call->objects[target];
        if (!PyArray_ISWRITEABLE(donated)) {
            if (replace_by_copy(call, target))
                return OUT_OF_MEMORY;
            continue;
        }
        for (int other = 0; other < function->input_count; other++) {
            PyArrayObject *array = (PyArrayObject *)call->objects[other];
            if (other != target && array && overlap(donated, array) && replace_by_copy(call, other))
                return OUT_OF_MEMORY;
        }
    }
    return 0;
}

static int take_arguments(Call *call, PyObject *const *arguments)
{
    for (int k = 0; k < call->function->arguments; k++)
        if (take(call, k, arguments[k]))
            return -1;
    return 0;
}

/* The cells and the constants. */
static int take_rest(Call *call)
{
    Function *function = call->function;
    for (int k = 0; k < function->cell_count; k++)
        if (take_cell(call, k))
            return UNSETTLED;
    int first = function->arguments + function->cell_count;
    for (int number = first; number < function->input_count; number++) {
        PyObject *constant = PyTuple_GET_ITEM(function->constants, number - first);
        Py_INCREF(constant);
        describe(call, number, constant);
    }
    return function->donated ? separate(call) : 0;
}

/* ---- a call ---- */

static int is_large(const Call *call)
{
    npy_intp bytes = 0;
    for (int k = 0; k < call->function->input_count; k++)
        if (call->objects[k])
            bytes += PyArray_NBYTES((PyArrayObject *)call->objects[k]);
    return bytes > LOCKED_BYTES;
}

/* Whether the user pressed Ctrl-C. Handlers of signals run later, when no locks are held. Python is asked twenty times
   a second, as that may take the GIL. */
static int32_t interrupted(bitale_call *head)
{
    Call *call = (Call *)head;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t time = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (time - call->asked < 50)
        return 0;
    int first = call->asked == 0;
    call->asked = time;
    if (first)
        return 0;
    if (call->locked)
        return PyOS_InterruptOccurred();
    PyGILState_STATE state = PyGILState_Ensure();
    int found = PyOS_InterruptOccurred();
    PyGILState_Release(state);
    return found;
}

static int execute(Call *call)
{
    Function *function = call->function;
    int code;
    call->locked = !(function->heavy || is_large(call));
    if (call->locked) {
        code = function->entry(&call->head);
    } else {
        Py_BEGIN_ALLOW_THREADS
        code = function->entry(&call->head);
        Py_END_ALLOW_THREADS
    }
    for (int k = 0; code == 0 && k < function->output_count; k++)
        if (function->outputs[k].kind != DONATED)
            code = wrap(&function->outputs[k], &call->results[k]);
    return code;
}

/* Put new arrays into the cells, in exchange for the old ones. Nothing before this point has changed a cell. */
static void update(Call *call)
{
    Function *function = call->function;
    for (int k = 0; k < function->output_count; k++) {
        const Output *output = &function->outputs[k];
        PyObject **array = &call->results[k].array;
        if (output->kind == DONATED && call->replaced[output->target])
            array = &call->objects[function->arguments + output->target];
        else if (output->kind != UPDATE)
            continue;
        PyObject *cell = PyTuple_GET_ITEM(function->cells, output->target), *old = value_of(cell);
        if (!old)
            continue; /* somebody has emptied the list */
        PyList_SET_ITEM(cell, 0, *array);
        *array = old;
    }
}

/* What the results go into: a list or a tuple, or else None. */
static PyObject *container(const Function *function)
{
    if (function->form == LIST)
        return PyList_New(function->returned);
    return function->form == TUPLE ? PyTuple_New(function->returned) : Py_NewRef(Py_None);
}

static PyObject *answer(Call *call, PyObject *collected)
{
    Function *function = call->function;
    for (int k = 0, place = 0; k < function->output_count; k++) {
        if (function->outputs[k].kind != RETURN || function->form == NOTHING)
            continue;
        PyObject *array = call->results[k].array;
        call->results[k].array = NULL;
        if (function->form == LIST)
            PyList_SET_ITEM(collected, place++, array);
        else if (function->form == TUPLE)
            PyTuple_SET_ITEM(collected, place++, array);
        else
            Py_SETREF(collected, array);
    }
    return collected;
}

RARE static void explain(Call *call, int code)
{
    PyObject *name = call->function->name;
    if (code == INTERRUPTED) { /* whatever handler there is decides what is raised */
        PyErr_SetInterrupt();
        if (!PyErr_CheckSignals())
            PyErr_SetNone(PyExc_KeyboardInterrupt);
    } else if (code == INCOMPLETE) {
        PyErr_Format(PyExc_SystemError, "%S left out one of its results", name);
    } else if (code < 0) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_MemoryError, "%S ran out of memory", name);
    } else {
        long long values[4];
        for (int k = 0; k < 4; k++)
            values[k] = call->head.failure[k];
        PyObject *answer = PyObject_CallFunction(call->function->fail, "iLLLL", code, values[0], values[1], values[2],
                                                 values[3]);
        Py_XDECREF(answer);
        if (answer)
            PyErr_Format(PyExc_SystemError, "failure %d of %S raised no error", code, name);
    }
}

static void clean_up(Call *call)
{
    Function *function = call->function;
    for (int k = 0; k < function->input_count; k++)
        Py_XDECREF(call->objects[k]);
    for (int k = 0; k < function->output_count; k++)
        drop(&call->results[k]);
    while (call->borrowed) {
        scratch *memory = call->borrowed;
        call->borrowed = memory->next;
        pool_give(memory, memory->bytes);
    }
}

static void lay_out(Call *call, char *memory)
{
    Function *function = call->function;
    size_t inputs = (size_t)function->input_count, outputs = (size_t)function->output_count;
    call->scalars = (Scalar *)memory;
    memory += inputs * sizeof(Scalar);
    call->arrays = (bitale_array *)memory;
    memory += inputs * sizeof(bitale_array);
    call->objects = (PyObject **)memory;
    memory += inputs * sizeof(PyObject *);
    call->results = (Result *)memory;
    memory += outputs * sizeof(Result);
    npy_intp *shape = (npy_intp *)memory;
    for (int k = 0; k < function->input_count; k++)
        call->objects[k] = NULL;
    for (int k = 0; k < function->output_count; k++) {
        call->results[k] = (Result){.shape = shape};
        shape += function->outputs[k].ndim;
    }
    call->replaced = (char *)shape;
    for (int k = 0; k < function->cell_count; k++)
        call->replaced[k] = 0;
}

/* Between take_locks and give_locks no Python code runs, neither of callbacks nor of finalisers: it might call a
   function of the same shared variables and wait for ever. So nothing there makes an object that the garbage
   collector knows, lets go of the last reference to one, or raises. */
static PyObject *run(Function *function, PyObject *const *arguments)
{
    _Alignas(16) char small[FRAME_BYTES];
    char *memory = function->frame_bytes <= FRAME_BYTES ? small : PyMem_Malloc(function->frame_bytes);
    if (!memory)
        return PyErr_NoMemory();
    Call call;
    call.function = function;
    call.stack_is_taken = 0;
    call.borrowed = NULL;
    lay_out(&call, memory);
    call.head.inputs = call.arrays;
    call.head.allocate = allocate;
    call.head.workspace = workspace;
    call.head.blas = function->blas;
    call.head.interrupted = interrupted;
    call.asked = 0;
    call.head.threads = function->threads < thread_limit ? function->threads : thread_limit;
    int code = 0;
    PyObject *result = NULL, *collected = take_arguments(&call, arguments) ? NULL : container(function);
    if (collected) {
        take_locks(function->guards, function->guard_count);
        if (!(code = take_rest(&call)) && !(code = execute(&call)))
            update(&call);
        give_locks(function->guards, function->guard_count);
        if (code == 0)
            result = answer(&call, collected);
        else
            Py_DECREF(collected);
        if (code != 0 && code != UNSETTLED)
            explain(&call, code);
    }
    clean_up(&call);
    if (memory != small)
        PyMem_Free(memory);
    if (code != UNSETTLED)
        return result;
    return settle_cells(function) ? NULL : run(function, arguments);
}

/* Counts or keywords do not fit: Python code finds the positional arguments or raises. */
RARE static PyObject *run_rearranged(Function *function, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    PyObject *positional = PyTuple_New(count), *keywords = PyDict_New(), *found = NULL, *result = NULL;
    if (!positional || !keywords)
        goto done;
    for (Py_ssize_t k = 0; k < count; k++)
        PyTuple_SET_ITEM(positional, k, Py_NewRef(arguments[k]));
    for (Py_ssize_t k = 0; names && k < PyTuple_GET_SIZE(names); k++)
        if (PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, k), arguments[count + k]))
            goto done;
    found = PyObject_CallFunctionObjArgs(function->wrong_arguments, positional, keywords, NULL);
    if (!found)
        goto done;
    if (PyTuple_Check(found) && PyTuple_GET_SIZE(found) == function->arguments)
        result = run(function, PySequence_Fast_ITEMS(found));
    else
        PyErr_Format(PyExc_SystemError, "wrong_arguments must raise or return %d arguments", function->arguments);
done:
    Py_XDECREF(found);
    Py_XDECREF(positional);
    Py_XDECREF(keywords);
    return result;
}

static PyObject *function_call(PyObject *self, PyObject *const *arguments, size_t flagged, PyObject *names)
{
    Function *function = (Function *)self;
    Py_ssize_t count = PyVectorcall_NARGS(flagged);
    if (count == function->arguments && (!names || PyTuple_GET_SIZE(names) == 0))
        return run(function, arguments);
    return run_rearranged(function, arguments, count, names);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O0") /* all that follows is RARE */
#endif
#include "details.h"
#include "define.h"
