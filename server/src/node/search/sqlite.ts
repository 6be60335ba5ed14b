/** openSqlite: one SQLite database by the best engine at hand: Node's own, else the WebAssembly build. */

// Node has node:sqlite from 22.5 on, but builds before 22.16 lack FTS5 (VS Code 1.101 ships one), so it
// is probed, not believed. The WebAssembly build runs everywhere. Both are opened in exclusive locking
// mode: one process owns an index (owner-lock.ts), and without shared memory WAL works in both.

import { rmdirSync } from 'node:fs';

export type SqliteValue = number | string | Uint8Array | null;
export type SqliteRow = Record<string, SqliteValue>;

export interface SqliteStatement {
  run(...values: SqliteValue[]): void;
  all(...values: SqliteValue[]): SqliteRow[];
}

export interface Sqlite {
  readonly engine: SqliteEngine;
  exec(sql: string): void;
  /** Lives as long as the database. */
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type SqliteEngine = 'node' | 'wasm';

/** The part of node:sqlite that is used; the types that we compile with are older than it. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...values: SqliteValue[]): unknown;
      all(...values: SqliteValue[]): unknown[];
    };
    close(): void;
  };
}

/** node:sqlite when it is there and has FTS5 with what we use of it. */
function nodeSqlite(): NodeSqlite | undefined {
  const getBuiltin = (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule;
  const found = quietly(() => getBuiltin?.('node:sqlite') as NodeSqlite | undefined);
  if (!found) return undefined;
  try {
    const probe = new found.DatabaseSync(':memory:');
    probe.exec("CREATE VIRTUAL TABLE t USING fts5(a, content='', contentless_delete=1)");
    probe.close();
    return found;
  } catch {
    return undefined;
  }
}

/** Loading node:sqlite prints an ExperimentalWarning on Node 22, which is nobody's business here. */
function quietly<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The caller owns `file` alone. Throws what the engine throws when the file is no database. */
export async function openSqlite(file: string, engine?: SqliteEngine): Promise<Sqlite> {
  const native = engine === 'wasm' ? undefined : nodeSqlite();
  if (engine === 'node' && !native) throw new Error('This Node has no node:sqlite with FTS5.');
  return native ? openNative(native, file) : openWasm(file);
}

function openNative(native: NodeSqlite, file: string): Sqlite {
  const database = new native.DatabaseSync(file);
  return {
    engine: 'node',
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        run: (...values) => void statement.run(...values),
        all: (...values) => statement.all(...values) as SqliteRow[],
      };
    },
    close: () => database.close(),
  };
}

async function openWasm(file: string): Promise<Sqlite> {
  const module = await import('node-sqlite3-wasm');
  // It locks by making this folder, which outlives a process that was killed. The owner lock says that
  // nobody else has the file open.
  removeLock(`${file}.lock`);
  const database = new module.default.Database(file);
  const statements: { finalize(): void }[] = [];
  return {
    engine: 'wasm',
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      statements.push(statement);
      return {
        run: (...values) => void statement.run(values),
        all: (...values) => statement.all(values) as SqliteRow[], // never get(): it leaves the statement open
      };
    },
    close: () => {
      for (const statement of statements) statement.finalize(); // else it would not let go of the file
      database.close();
    },
  };
}

function removeLock(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
