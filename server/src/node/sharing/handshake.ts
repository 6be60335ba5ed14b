/** The handshake of windows that share a model: each side proves that it can read the lock, before anything is believed. */

// The lock is readable by its user alone. Neither side says the secret itself: whoever listens at a
// dead process's address learns nothing that would let it in elsewhere.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { readLine } from './lines.ts';

/** Longer than any greeting. */
const maxGreetingBytes = 4096;

/** A process that reads a large model answers late; one that does not answer at all is left alone. */
const answerTimeoutMs = 30_000;

/** The side that connects. Resolves with the process id of the other; rejects when it is not what the lock promises. */
export async function greet(socket: Socket, key: string, secret: string): Promise<number> {
  socket.write(`${JSON.stringify({ key, proof: proofOf(secret, key, 'window') })}\n`);
  const { pid, proof } = parse(await readLine(socket, maxGreetingBytes, answerTimeoutMs));
  if (!isEqual(proof, proofOf(secret, key, 'engine')))
    throw new Error('it is not the process that the lock names');
  return Number(pid);
}

/** The side that was there first. Rejects, having said nothing, unless the other knows key and secret and `isOpen` still. */
export async function welcome(
  socket: Socket,
  key: string,
  secret: string,
  isOpen = () => true,
): Promise<void> {
  const { key: asked, proof } = parse(await readLine(socket, maxGreetingBytes, answerTimeoutMs));
  if (asked !== key || !isEqual(proof, proofOf(secret, key, 'window')))
    throw new Error('it does not know the secret');
  if (!isOpen()) throw new Error('nobody is welcome any more');
  socket.write(`${JSON.stringify({ pid: process.pid, proof: proofOf(secret, key, 'engine') })}\n`);
}

function proofOf(secret: string, key: string, role: 'window' | 'engine'): string {
  return createHmac('sha256', secret).update(`${role} ${key}`).digest('hex');
}

function isEqual(given: unknown, expected: string): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function parse(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
