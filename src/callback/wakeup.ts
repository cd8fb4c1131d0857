/** Lets a loop sleep until there is work; a ring while nobody waits is not lost. */
export function createLoopWakeup() {
  let isRung = false
  let wake = () => {}
  return {
    wake(): void {
      isRung = true
      wake()
    },

    /** Resolves at the next ring, at the latest after that time. */
    async wait(milliseconds: number): Promise<void> {
      if (!isRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      isRung = false
    },
  }
}
