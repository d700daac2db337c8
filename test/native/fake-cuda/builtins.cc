// The library of built-in functions that nvrtc.cc asks for; its name is all that matters.
extern "C" int fakeBuiltins() {
  return 0;
}
