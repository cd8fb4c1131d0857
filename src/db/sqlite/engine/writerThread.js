// A thread has no loader of its own: run from source, this file gives it one, or takes what a test run has compiled once
// for all its databases. The build puts the compiled writerThread.ts in its place.
// biome-ignore lint/style/noProcessEnv: only test runs set it, and the built package has another file here
const compiled = process.env.COMPILED_WRITER_THREAD
if (!compiled) (await import('tsx/esm/api')).register()
await import(compiled ?? './writerThread.ts')
