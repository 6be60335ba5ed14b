/** startPglite: a PostgreSQL with pgvector in this process, behind the real wire protocol, for tests. */

import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

export interface PgliteServer {
  readonly connectionString: string;
  /** Runs SQL past the store, to see what it wrote. */
  query(sql: string): Promise<unknown[]>;
  stop(): Promise<void>;
}

/** With `hasPgvector: false` pgvector is not there to be created. */
export async function startPglite({ hasPgvector = true } = {}): Promise<PgliteServer> {
  const database = await PGlite.create({ extensions: hasPgvector ? { vector } : {} });
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 32 });
  await server.start();
  return {
    connectionString: `postgres://postgres:canary-password@${server.getServerConn()}/postgres?sslmode=disable`,
    query: async (sql) => (await database.query(sql)).rows,
    stop: async () => {
      await server.stop();
      await database.close();
    },
  };
}
