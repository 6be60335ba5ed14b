/** OwnerLock: one process owns an index and answers for it; the others find out where to ask. */

// Windows of one workspace share one index: the first owns the file, the others ask it over a local
// socket (a named pipe on Windows). The lock names the socket. A lock whose socket nobody answers was
// left by a process that was killed, whatever its process id is used for now. Every lock is another, so
// only one process may take a certain one away: who comes late finds its claim, or the next one's lock.

import { createHash, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export interface Owner {
  readonly kind: 'owner';
  /** Lets the next one have it; cuts the guests off. */
  release(): Promise<void>;
}

export interface Guest {
  readonly kind: 'guest';
  /** To the owner. Its end means that the owner is gone. */
  readonly socket: Socket;
  /** What only who can read the lock knows, for those who want to be sure of each other. */
  readonly secret: string;
}

/** A process that is alive accepts a connection at once, however busy it is: the system does it. */
const connectTimeoutMs = 2000;

/** Socket addresses are short on some systems (104 bytes on macOS). */
const maxSocketPath = 100;

/** Several windows that start at once meet here until one has won; longer than a claim is believed. */
const maxAttempts = 150;

/** Between two attempts: another process is taking a lock away, which takes it a few calls of the system. */
const retryMs = 50;

/** A claim of this age was left by a process that was killed between those few calls. */
const claimAgeLimitMs = 5000;

/** Takes the lock at `file`, or connects to who has it. `onGuest` gets the connections of others, and the lock's secret. */
export async function ownOrVisit(
  file: string,
  onGuest: (socket: Socket, secret: string) => void,
): Promise<Owner | Guest> {
  const secret = randomBytes(32).toString('hex');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const endpoint = newEndpoint(file);
    const guests = new Set<Socket>();
    const server = await listen(endpoint, (socket) => {
      guests.add(socket);
      socket.on('error', () => {}).on('close', () => guests.delete(socket));
      onGuest(socket, secret);
    });
    const content = JSON.stringify({ pid: process.pid, endpoint, secret });
    if (await create(file, content)) return owner(file, content, server, guests);
    server.close();
    const found = await readFile(file, 'utf8').catch(() => '');
    const guest = await visit(found);
    if (guest) return guest;
    if (!(await removeStale(file, found))) await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  throw new Error(`the lock ${file} cannot be taken`);
}

/** Connects to who has the lock at `file`; undefined when nobody is there. */
export async function visitOwner(file: string): Promise<Guest | undefined> {
  return visit(await readFile(file, 'utf8').catch(() => ''));
}

function owner(file: string, content: string, server: Server, guests: Set<Socket>): Owner {
  return {
    kind: 'owner',
    async release() {
      if ((await readFile(file, 'utf8').catch(() => '')) === content) await rm(file, { force: true });
      for (const socket of guests) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function newEndpoint(file: string): string {
  const id = randomBytes(16).toString('hex');
  if (process.platform === 'win32') return `\\\\.\\pipe\\stet-${id}`;
  const beside = join(dirname(file), `${id.slice(0, 8)}.sock`);
  return Buffer.byteLength(beside) <= maxSocketPath ? beside : join(tmpdir(), `stet-${id}.sock`);
}

function listen(endpoint: string, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection);
    server.on('error', reject);
    server.listen({ path: endpoint, readableAll: false, writableAll: false }, () => {
      if (process.platform === 'win32') return resolve(server);
      // Made by the umask, which may let others in where the folder does.
      chmod(endpoint, 0o600).then(() => resolve(server), reject);
    });
  });
}

/** Whether the file was made, whole at once; false when it is there already. */
async function create(file: string, content: string): Promise<boolean> {
  const whole = besides(file, randomBytes(4).toString('hex'));
  try {
    await writeFile(whole, content, { flag: 'wx', mode: 0o600 });
    await link(whole, file).catch((error) => {
      if (error.code === 'EEXIST') throw error;
      return writeFile(file, content, { flag: 'wx', mode: 0o600 }); // a disk without links: FAT, say
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(whole, { force: true }).catch(() => {});
  }
}

const besides = (file: string, name: string) => join(dirname(file), `.${basename(file)}-${name}`);

/** A connection to the owner that `content` names; undefined when nobody is there. */
async function visit(content: string): Promise<Guest | undefined> {
  const { endpoint, secret } = parse(content);
  if (!endpoint) return undefined;
  return new Promise((resolve) => {
    const socket = connect(endpoint);
    const give = (isThere: boolean) => {
      clearTimeout(timer);
      if (!isThere) socket.destroy();
      resolve(isThere ? { kind: 'guest', socket, secret: secret ?? '' } : undefined);
    };
    const timer = setTimeout(() => give(false), connectTimeoutMs);
    socket.once('connect', () => give(true)).on('error', () => give(false));
  });
}

function parse(content: string): { endpoint?: string; secret?: string } {
  try {
    const { endpoint, secret } = JSON.parse(content) as { endpoint?: unknown; secret?: unknown };
    return {
      ...(typeof endpoint === 'string' && { endpoint }),
      ...(typeof secret === 'string' && { secret }),
    };
  } catch {
    return {}; // cut off by a crash, or no lock of ours
  }
}

/** Takes a lock of `content` away if it is still there; false when another process is about to, or it cannot be. */
async function removeStale(file: string, content: string): Promise<boolean> {
  const claim = besides(file, createHash('sha256').update(content).digest('hex').slice(0, 16));
  if (!(await create(claim, ''))) {
    const { mtimeMs } = await stat(claim).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > claimAgeLimitMs) await rm(claim, { force: true }).catch(() => {});
    return false;
  }
  try {
    if ((await readFile(file, 'utf8').catch(() => undefined)) !== content) return true;
    await rm(file, { force: true });
    const { endpoint } = parse(content);
    if (endpoint && process.platform !== 'win32' && /[/\\](stet-)?[0-9a-f]+\.sock$/.test(endpoint)) {
      await rm(endpoint, { force: true });
    }
    return true;
  } catch {
    return false; // Windows: someone reads it just now
  } finally {
    await rm(claim, { force: true }).catch(() => {});
  }
}
