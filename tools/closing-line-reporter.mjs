/** Prints the one line that continuous integration reads: how many tests passed and failed. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failedToRun = results.testResults.filter((file) => file.testExecError).length;
    const failed = results.numFailedTests + failedToRun;
    const skipped = results.numPendingTests + results.numTodoTests;
    const tail = skipped > 0 ? `, ${skipped} skipped` : '';
    // Written after Jest's own summary, so that it stands last.
    process.once('exit', (code) => {
      if (code !== 0 && failed === 0)
        process.stdout.write(
          `Ends with ${code} although no test failed: something was printed or thrown after its test.\n`,
        );
      process.stdout.write(`${results.numPassedTests} passed, ${failed} failed${tail}\n`);
    });
  }
}
