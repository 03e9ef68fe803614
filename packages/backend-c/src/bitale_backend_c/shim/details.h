/* What callers ask of a Function besides calling it (attributes, text, class, pickling): `details` answers. */
#ifndef BITALE_DETAILS_H
#define BITALE_DETAILS_H

static PyObject *function_getattro(PyObject *self, PyObject *name)
{
    PyObject *details = ((Function *)self)->details, *value = PyObject_GenericGetAttr(self, name);
    if (value || !details || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return value;
    PyErr_Clear();
    return PyObject_GetAttr(details, name);
}

static int function_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    PyObject *details = ((Function *)self)->details;
    int status = PyObject_GenericSetAttr(self, name, value);
    if (!status || !details || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return status;
    PyErr_Clear();
    return PyObject_SetAttr(details, name, value);
}

static PyObject *function_repr(PyObject *self)
{
    Function *function = (Function *)self;
    if (function->details)
        return PyObject_Repr(function->details);
    return PyUnicode_FromFormat("<compiled function %S>", function->name);
}

static PyObject *function_str(PyObject *self)
{
    PyObject *details = ((Function *)self)->details;
    return details ? PyObject_Str(details) : function_repr(self);
}

static PyObject *function_class(PyObject *self, void *unused)
{
    PyObject *details = ((Function *)self)->details;
    return Py_NewRef((PyObject *)(details ? Py_TYPE(details) : Py_TYPE(self)));
}

static PyObject *function_dir(PyObject *self, PyObject *unused)
{
    PyObject *details = ((Function *)self)->details;
    return PyObject_Dir(details ? details : (PyObject *)Py_TYPE(self));
}

static PyObject *function_reduce(PyObject *self, PyObject *unused)
{
    PyObject *details = ((Function *)self)->details;
    if (details)
        return PyObject_CallMethod(details, "__reduce__", NULL);
    return PyErr_Format(PyExc_TypeError, "%S has nothing from which it could be made again", self);
}

static PyGetSetDef function_properties[] = {
    {"__class__", function_class, NULL, "The class of `details`: what isinstance() sees.", NULL},
    {NULL},
};

static PyMethodDef function_methods[] = {
    {"__dir__", function_dir, METH_NOARGS, "The attributes of `details`."},
    {"__reduce__", function_reduce, METH_NOARGS, "What `details` is pickled as."},
    {NULL},
};

#endif
