package canary

// Bounds are those that Compare goes by.
var Bounds = bounds
