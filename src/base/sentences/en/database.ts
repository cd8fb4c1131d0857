/** Why the database cannot do what was asked. */
export const enDatabase = {
  'db.fault': 'Database {address}: {message}',
  'db.faultAndAdvice': 'Database {address}: {message}; {advice}',
  'db.heldByOther': 'another process holds the database: end it or wait for it',
  'db.diskFull': 'the disk is full: free some space',
  'db.noSharedMemory':
    'its file system cannot share memory between processes, as network file systems cannot: put it on a local disk (DATABASE_URL)',
  'db.disk': 'the disk cannot be read or written: check it and the system log',
  'db.notSqlite': 'it is not an SQLite file: point DATABASE_URL at another one',
  'db.damaged': 'the file is damaged: restore it from a backup',
  'db.makeWritable': 'make the file and its directory writable for this user',
  'db.contradiction': 'the rows contradict each other',

  'db.network': 'start the server, or set its host and port right in DATABASE_URL',
  'db.serverEnded': 'the server ended the connection: it is stopped, starts, or an administrator did so',
  'db.maxConnections': 'raise max_connections of the server, or run fewer processes',
  'db.serverFull': 'the server has no space left: free some on its disk',
  'db.password': 'set the right user and password in DATABASE_URL',
  'db.user':
    'set the right user in DATABASE_URL, or let it in by pg_hba.conf of the server (?sslmode=require if only by TLS)',
  'db.createDatabase': 'create it (createdb), or name another one in DATABASE_URL',
  'db.grant': 'give this user the right: GRANT CREATE ON DATABASE, or make it the owner of the schema',
  'db.standby': 'the server only reads, as a standby does: point DATABASE_URL at the primary',
  'db.collisions': 'other processes write the same rows again and again',
  'db.cancelled': 'an administrator or statement_timeout of the server cancelled the statement',
  'db.serverDamaged': 'the files of the server are damaged: restore them from a backup',
  'db.tableChanged': 'a table was dropped or changed while the program runs: unionpush migrate',
  'db.certificate':
    'set ?sslrootcert= to the file of its certificate authority, or ?sslmode=require to trust any',
  'db.certificateFile': 'let ?sslrootcert=, ?sslcert= and ?sslkey= name files that this user may read',
  'db.noTls': 'switch ssl on in the server, or set ?sslmode=disable',

  'db.closed': 'Database {address} is closed',
  'db.writerEnded': 'The writer of database {address} ended',
  'db.moved':
    'Database {address} was moved, deleted or replaced while it was in use: put it back, or restart this process to use what is there now',
  'db.notWritable':
    'Database {address} cannot be written ({message}): make the file and its directory writable for this user, or point DATABASE_URL elsewhere',
  'db.foreignFile': 'Database {address} belongs to another program; point DATABASE_URL at a file of its own',
  'db.foreignSchema':
    'Schema {schema} of database {address} belongs to another program; name one of its own by ?schema= in DATABASE_URL',
  'db.newer': 'Database {address} was written by a newer unionpush; install that version or newer',
  'db.tooOld': 'Database {address} is PostgreSQL {version}: version {least} or newer is needed',
  'db.bundled':
    'The database cannot be used from within a bundle: leave unionpush out of it (esbuild: --external:unionpush, webpack: externals)',

  'copy.incomplete':
    'Database {address} holds part of a copy of another one: repeat unionpush migrate --from --to until it ends well',
  'copy.elsewhere': 'name an empty schema by ?schema=, or drop this one if nobody needs it',
  'copy.otherTables': 'Database {address} holds tables of another program; {elsewhere}',
  'copy.otherCopy': 'Database {address} holds the copy of another database; {elsewhere}',
  'copy.hasData': 'Database {address} holds data already (table {table}); {elsewhere}',
  'copy.busyTarget': 'Another process is copying a database to {address} just now',
  'copy.underWay': 'Database {address} is being copied to {target}',
  'copy.inUse':
    'Database {address} is used by {service}: stop every worker, cron, serve, start and sync on it; one that was killed counts for {seconds} s more',
  'copy.startAgain':
    'Database {address} is being copied to {target}: start again when that has ended, with DATABASE_URL set to the copy',
  'copy.noPlace': 'Table {table} of {source} has no place in {target}',
  'copy.differs':
    'Database {target} differs from {source} in {tables}. If {target} is in use already, that is as it should be; otherwise something wrote to {source} meanwhile: stop that, drop the schema of the copy, and copy again',
} as const
