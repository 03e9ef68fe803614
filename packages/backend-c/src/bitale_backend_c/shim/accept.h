/* Which Python objects a generated function can read as they are. */
#ifndef BITALE_ACCEPT_H
#define BITALE_ACCEPT_H

typedef struct {
    int type, alias; /* NumPy type numbers; `alias` is the other one of the same layout (long and long long) */
    int ndim, contiguous;
    npy_intp itemsize;
    npy_intp *shape; /* a length per axis, -1 where any is right; NULL where all are */
} Input;

typedef union {
    double complex_double[2];
    double float64;
    float float32;
    npy_int64 int64;
    npy_bool boolean;
} Scalar;

RARE static int alias_of(int type)
{
#if NPY_SIZEOF_LONG == NPY_SIZEOF_LONGLONG
    static const int pairs[][2] = {{NPY_LONG, NPY_LONGLONG}, {NPY_ULONG, NPY_ULONGLONG}};
#else
    static const int pairs[][2] = {{NPY_LONG, NPY_INT}, {NPY_ULONG, NPY_UINT}};
#endif
    for (int k = 0; k < 2; k++)
        for (int side = 0; side < 2; side++)
            if (pairs[k][side] == type)
                return pairs[k][1 - side];
    return type;
}

/* Whether it is an array of the type, rank and lengths wanted, wherever its elements lie. */
static inline int matches(const Input *wanted, PyObject *object)
{
    if (Py_TYPE(object) != &PyArray_Type)
        return 0;
    PyArrayObject *array = (PyArrayObject *)object;
    int type = PyArray_TYPE(array);
    if ((type != wanted->type && type != wanted->alias) || PyArray_NDIM(array) != wanted->ndim
        || !PyArray_ISNOTSWAPPED(array))
        return 0;
    if (wanted->shape)
        for (int axis = 0; axis < wanted->ndim; axis++)
            if (wanted->shape[axis] >= 0 && wanted->shape[axis] != PyArray_DIM(array, axis))
                return 0;
    return 1;
}

/* Whether the elements of an array that matches lie where the function can read them. */
static inline int in_place(const Input *wanted, PyArrayObject *array)
{
    int flags = PyArray_FLAGS(array);
    int needed = NPY_ARRAY_ALIGNED | (wanted->contiguous ? NPY_ARRAY_C_CONTIGUOUS : 0);
    if ((flags & needed) != needed)
        return 0;
    if (!(flags & NPY_ARRAY_C_CONTIGUOUS))
        for (int axis = 0; axis < wanted->ndim; axis++)
            if (PyArray_STRIDE(array, axis) % wanted->itemsize)
                return 0;
    return 1;
}

static int acceptable(const Input *wanted, PyObject *object)
{
    return matches(wanted, object) && in_place(wanted, (PyArrayObject *)object);
}

/* Read a Python or NumPy number for an input without axes; 0 when the general way has to decide. */
static int read_scalar(const Input *wanted, PyObject *object, Scalar *into)
{
    switch (wanted->type) {
    case NPY_DOUBLE:
        if (PyFloat_CheckExact(object) || PyArray_IsScalar(object, Double)) {
            into->float64 = PyFloat_AS_DOUBLE(object);
            return 1;
        }
        if (PyLong_CheckExact(object)) {
            int overflow;
            long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
            into->float64 = (double)number;
            return !overflow && number > -(1LL << 53) && number < (1LL << 53);
        }
        return 0;
    case NPY_FLOAT:
        if (PyArray_IsScalar(object, Float)) {
            into->float32 = PyArrayScalar_VAL(object, Float);
            return 1;
        }
        if (PyFloat_CheckExact(object)) { /* a Python float is weak: it takes the dtype it meets */
            double number = PyFloat_AS_DOUBLE(object);
            into->float32 = (float)number;
            return !(number > 3.4028234e38 || number < -3.4028234e38);
        }
        return 0;
    case NPY_LONG:
    case NPY_LONGLONG:
        if (wanted->itemsize != 8)
            return 0;
        if (PyLong_CheckExact(object)) {
            int overflow;
            into->int64 = PyLong_AsLongLongAndOverflow(object, &overflow);
            return !overflow;
        }
        if (PyArray_IsScalar(object, Int64)) {
            into->int64 = PyArrayScalar_VAL(object, Int64);
            return 1;
        }
        return 0;
    case NPY_BOOL:
        into->boolean = object == Py_True;
        return PyBool_Check(object);
    }
    return 0;
}

/* The addresses an array touches, from the lowest to just past the highest. */
static void extent_of(PyArrayObject *array, char **low, char **high)
{
    char *first = PyArray_BYTES(array), *last = first;
    if (PyArray_SIZE(array) == 0) {
        *low = *high = NULL;
        return;
    }
    for (int axis = 0; axis < PyArray_NDIM(array); axis++) {
        npy_intp reach = (PyArray_DIM(array, axis) - 1) * PyArray_STRIDE(array, axis);
        *(reach < 0 ? &first : &last) += reach;
    }
    *low = first;
    *high = last + PyArray_ITEMSIZE(array);
}

static int overlap(PyArrayObject *one, PyArrayObject *other)
{
    char *low, *high, *other_low, *other_high;
    extent_of(one, &low, &high);
    extent_of(other, &other_low, &other_high);
    return low < other_high && other_low < high;
}

#endif
