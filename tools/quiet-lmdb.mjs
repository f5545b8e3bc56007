// LMDB's client prints every commit that a full disk refused, by the console of whichever test loaded it first: Jest fails a
// run for what is printed once that test is over. The store reports such commits itself; the client's own lines are dropped.
const { error } = console;
console.error = (...what) => {
  const byLmdb = /node_modules\/lmdb\/write\.js/.test(String(what[0]?.stack));
  if (!byLmdb) error.apply(console, what);
};
