/**
 * Runs `work` when this process is asked to end (SIGTERM), and then ends as it was asked to. Whoever asks may kill it
 * after 2 s. Returns what takes that back.
 */
export function whenTerminated(work: () => Promise<void>): () => void {
  const onTerm = () => {
    process.off('SIGTERM', onTerm)
    void work().finally(() => process.kill(process.pid, 'SIGTERM'))
  }
  process.on('SIGTERM', onTerm)
  return () => void process.off('SIGTERM', onTerm)
}
