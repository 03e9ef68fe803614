/* The Python type Function and the module around it: construction, destruction, attributes. */
#ifndef BITALE_DEFINE_H
#define BITALE_DEFINE_H

static int function_traverse(PyObject *self, visitproc visit, void *arg)
{
    Function *function = (Function *)self;
    Py_VISIT(function->cells);
    Py_VISIT(function->constants);
    Py_VISIT(function->convert);
    Py_VISIT(function->fail);
    Py_VISIT(function->wrong_arguments);
    Py_VISIT(function->details);
    return 0;
}

static int function_clear(PyObject *self)
{
    Function *function = (Function *)self;
    Py_CLEAR(function->cells);
    Py_CLEAR(function->constants);
    Py_CLEAR(function->convert);
    Py_CLEAR(function->fail);
    Py_CLEAR(function->wrong_arguments);
    Py_CLEAR(function->details);
    return 0;
}

static void function_dealloc(PyObject *self)
{
    Function *function = (Function *)self;
    PyObject_GC_UnTrack(self);
    function_clear(self);
    Py_CLEAR(function->name);
    for (int k = 0; function->inputs && k < function->input_count; k++)
        PyMem_Free(function->inputs[k].shape);
    for (int k = 0; function->outputs && k < function->output_count; k++)
        Py_XDECREF(function->outputs[k].descr);
    PyMem_Free(function->inputs);
    PyMem_Free(function->outputs);
    PyMem_Free(function->guards);
    PyObject_GC_Del(self);
}

/* One (type number, ndim, contiguous, shape or None). */
static int read_input(PyObject *item, Input *input)
{
    PyObject *shape;
    if (!PyArg_ParseTuple(item, "iipO", &input->type, &input->ndim, &input->contiguous, &shape))
        return -1;
    PyArray_Descr *descr = PyArray_DescrFromType(input->type);
    if (!descr)
        return -1;
    input->itemsize = PyDataType_ELSIZE(descr);
    Py_DECREF(descr);
    input->alias = alias_of(input->type);
    if (shape == Py_None)
        return 0;
    if (!PyTuple_Check(shape) || PyTuple_GET_SIZE(shape) != input->ndim) {
        PyErr_SetString(PyExc_TypeError, "the shape of an input is None or a tuple with an entry per axis");
        return -1;
    }
    input->shape = PyMem_Malloc(sizeof(npy_intp) * (size_t)(input->ndim + 1));
    if (!input->shape) {
        PyErr_NoMemory();
        return -1;
    }
    for (int axis = 0; axis < input->ndim; axis++) {
        PyObject *length = PyTuple_GET_ITEM(shape, axis);
        input->shape[axis] = length == Py_None ? -1 : PyLong_AsSsize_t(length);
        if (PyErr_Occurred())
            return -1;
    }
    return 0;
}

/* One (type number, ndim, kind, cell or -1). */
static int read_output(PyObject *item, Output *output, Function *function)
{
    int type;
    if (!PyArg_ParseTuple(item, "iiii", &type, &output->ndim, &output->kind, &output->target))
        return -1;
    output->descr = PyArray_DescrFromType(type);
    if (!output->descr)
        return -1;
    int cells = (int)PyTuple_GET_SIZE(function->cells);
    if (output->kind < RETURN || output->kind > DONATED
        || (output->kind != RETURN && (output->target < 0 || output->target >= cells))) {
        PyErr_SetString(PyExc_ValueError, "an output is returned (0), or updates (1) or is donated (2) a cell");
        return -1;
    }
    function->returned += output->kind == RETURN;
    function->donated += output->kind == DONATED;
    return 0;
}

static int guard_cells(Function *function)
{
    function->guards = PyMem_Calloc((size_t)function->cell_count + 1, sizeof(Guard));
    if (!function->guards) {
        PyErr_NoMemory();
        return -1;
    }
    for (int cell = 0; cell < function->cell_count; cell++) {
        int writes = 0;
        for (int k = 0; k < function->output_count; k++)
            writes |= function->outputs[k].kind != RETURN && function->outputs[k].target == cell;
        Guard guard = guard_of(PyTuple_GET_ITEM(function->cells, cell), writes);
        function->guard_count = add_guard(function->guards, function->guard_count, guard);
    }
    return 0;
}

static int read_specifications(Function *function, PyObject *inputs, PyObject *outputs)
{
    function->input_count = (int)PyTuple_GET_SIZE(inputs);
    function->output_count = (int)PyTuple_GET_SIZE(outputs);
    size_t input_count = (size_t)function->input_count, output_count = (size_t)function->output_count;
    function->inputs = PyMem_Calloc(input_count + 1, sizeof(Input));
    function->outputs = PyMem_Calloc(output_count + 1, sizeof(Output));
    if (!function->inputs || !function->outputs) {
        PyErr_NoMemory();
        return -1;
    }
    function->cell_count = (int)PyTuple_GET_SIZE(function->cells);
    function->arguments = function->input_count - function->cell_count - (int)PyTuple_GET_SIZE(function->constants);
    for (int k = 0; k < function->input_count; k++)
        if (read_input(PyTuple_GET_ITEM(inputs, k), &function->inputs[k]))
            return -1;
    size_t axes = 0;
    for (int k = 0; k < function->output_count; k++) {
        if (read_output(PyTuple_GET_ITEM(outputs, k), &function->outputs[k], function))
            return -1;
        axes += (size_t)function->outputs[k].ndim;
    }
    if (guard_cells(function))
        return -1;
    function->frame_bytes = input_count * (sizeof(Scalar) + sizeof(bitale_array) + sizeof(PyObject *))
        + output_count * sizeof(Result) + axes * sizeof(npy_intp) + (size_t)function->cell_count;
    return 0;
}

static int verify(Function *function)
{
    if (function->arguments < 0) {
        PyErr_SetString(PyExc_ValueError, "there are fewer inputs than cells and constants");
        return -1;
    }
    if (function->form < SINGLE || function->form > NOTHING || (function->form == SINGLE && function->returned != 1)) {
        PyErr_SetString(PyExc_ValueError, "form is 0 (one result), 1 (list), 2 (tuple) or 3 (None)");
        return -1;
    }
    for (int k = 0; k < function->cell_count; k++)
        if (!PyList_Check(PyTuple_GET_ITEM(function->cells, k))) {
            PyErr_SetString(PyExc_TypeError, "a cell is a list that holds one array");
            return -1;
        }
    int first = function->arguments + function->cell_count;
    for (int number = first; number < function->input_count; number++)
        if (!acceptable(&function->inputs[number], PyTuple_GET_ITEM(function->constants, number - first))) {
            PyErr_Format(PyExc_TypeError, "constant %d does not fit its input", number - first);
            return -1;
        }
    return 0;
}

static PyObject *function_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"address", "name", "inputs", "cells", "constants", "outputs", "form", "convert", "fail",
                            "wrong_arguments", "blas", "threads", "heavy", NULL};
    unsigned long long address, blas = 0;
    PyObject *name, *inputs, *cells, *constants, *outputs, *convert, *fail, *wrong_arguments;
    int form, threads = 1, heavy = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "KUO!O!O!O!iOOO|Kip", names, &address, &name, &PyTuple_Type,
                                     &inputs, &PyTuple_Type, &cells, &PyTuple_Type, &constants, &PyTuple_Type,
                                     &outputs, &form, &convert, &fail, &wrong_arguments, &blas, &threads, &heavy))
        return NULL;
    Function *function = (Function *)type->tp_alloc(type, 0);
    if (!function)
        return NULL;
    function->vectorcall = function_call;
    function->entry = (bitale_function)(uintptr_t)address;
    function->blas = (const bitale_blas *)(uintptr_t)blas;
    function->form = form;
    function->threads = threads;
    function->heavy = heavy;
    function->name = Py_NewRef(name);
    function->cells = Py_NewRef(cells);
    function->constants = Py_NewRef(constants);
    function->convert = Py_NewRef(convert);
    function->fail = Py_NewRef(fail);
    function->wrong_arguments = Py_NewRef(wrong_arguments);
    if (read_specifications(function, inputs, outputs) || verify(function))
        Py_CLEAR(function);
    return (PyObject *)function;
}

static PyMemberDef function_members[] = {
    {"name", T_OBJECT, offsetof(Function, name), READONLY, "The name in messages."},
    {"threads", T_INT, offsetof(Function, threads), 0, "The number of threads a call may use."},
    {"details", T_OBJECT, offsetof(Function, details), 0, "The object that answers for this one, or None."},
    {NULL},
};

static PyTypeObject FunctionType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bitale_shim.Function",
    .tp_doc = "A compiled function: call it with one array per input, by position or by name, and it returns NumPy\n"
              "arrays. source() shows its C, plan() its steps and their costs, explain() how its expressions were\n"
              "rewritten; export() writes it as C that needs no Python.",
    .tp_basicsize = sizeof(Function),
    .tp_dealloc = function_dealloc,
    .tp_vectorcall_offset = offsetof(Function, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_repr = function_repr,
    .tp_str = function_str,
    .tp_getattro = function_getattro,
    .tp_setattro = function_setattro,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_members = function_members,
    .tp_methods = function_methods,
    .tp_getset = function_properties,
    .tp_new = function_new,
};

/* ---- the module ---- */

static PyObject *clear_pool(PyObject *module, PyObject *unused)
{
    pool_lock();
    pool_drop();
    pool_unlock();
    Py_RETURN_NONE;
}

static PyObject *set_pool_limit(PyObject *module, PyObject *bytes)
{
    size_t limit = PyLong_AsSize_t(bytes);
    if (PyErr_Occurred())
        return NULL;
    pool_lock();
    pool.limit = limit;
    if (pool.waiting_bytes > limit)
        pool_drop();
    pool_unlock();
    Py_RETURN_NONE;
}

static PyObject *pool_statistics(PyObject *module, PyObject *unused)
{
    return Py_BuildValue("{s:n,s:n,s:n,s:n,s:n}", "waiting_bytes", (Py_ssize_t)pool.waiting_bytes, "limit",
                         (Py_ssize_t)pool.limit, "fresh", (Py_ssize_t)pool.fresh, "reused", (Py_ssize_t)pool.reused,
                         "lent", (Py_ssize_t)pool.lent);
}

static PyObject *set_thread_limit(PyObject *module, PyObject *count)
{
    long limit = PyLong_AsLong(count);
    if (PyErr_Occurred())
        return NULL;
    thread_limit = limit < 1 ? 1 : limit > INT_MAX ? INT_MAX : (int)limit;
    Py_RETURN_NONE;
}

/* A copy of the array in a cell, which no call changes meanwhile. */
static PyObject *snapshot(PyObject *module, PyObject *cell)
{
    if (!PyList_Check(cell) || PyList_GET_SIZE(cell) != 1 || !PyArray_Check(PyList_GET_ITEM(cell, 0)))
        return PyErr_Format(PyExc_TypeError, "a cell is a list that holds one array");
    Guard guard = guard_of(cell, 0);
    take_locks(&guard, 1);
    PyObject *copy = PyArray_NewCopy((PyArrayObject *)PyList_GET_ITEM(cell, 0), NPY_CORDER);
    give_locks(&guard, 1);
    return copy;
}

static PyMethodDef methods[] = {
    {"snapshot", snapshot, METH_O, "A copy of the array in a cell, which no call changes meanwhile."},
    {"clear_pool", clear_pool, METH_NOARGS, "Give the memory that waits for reuse back to the system."},
    {"set_pool_limit", set_pool_limit, METH_O, "Bytes that may wait for reuse."},
    {"pool_statistics", pool_statistics, METH_NOARGS, "Counts of the memory pool, as a dict."},
    {"set_thread_limit", set_thread_limit, METH_O, "The most threads that any call uses."},
    {NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "bitale_shim", "Calls of generated functions.", -1, methods};

PyMODINIT_FUNC PyInit_bitale_shim(void)
{
    import_array();
    if (PyType_Ready(&BlockType) < 0 || PyType_Ready(&FunctionType) < 0)
        return NULL;
    locks_start();
    if (pool_start() || pthread_atfork(NULL, NULL, locks_start)) /* a child must not inherit locks that are taken */
        return PyErr_NoMemory();
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddObjectRef(module, "Function", (PyObject *)&FunctionType))
        Py_CLEAR(module);
    return module;
}

#endif
