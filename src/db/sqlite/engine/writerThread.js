// A thread has no loader of its own: run from source, this file gives it one, or takes what a test run has compiled once
// for all its databases. The build puts the compiled writerThread.ts in its place.
// biome-ignore lint/style/noProcessEnv: no setting of the program, which has no such file
const compiled = process.env.COMPILED_WRITER_THREAD
if (!compiled) (await import('tsx/esm/api')).register()
await import(compiled ?? './writerThread.ts')
