/** eventsOf: the data of server-sent events, as they come; every length is bounded. */

// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation, without
// names, ids and retries, which no server of models sends.

/** An event is a few hundred bytes; whole answers are some kilobytes. */
const maxEventChars = 1 << 20;
const maxTotalBytes = 8 << 20;

/** Throws an Error that says what is wrong when a limit is passed. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  let data: string[] = [];
  for await (const text of textsOf(body)) {
    rest += text;
    const lines = rest.split(/\r\n|\n|\r(?!$)/); // a CR at the end may be half a CR LF
    rest = lines.pop() as string;
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice('data:'.length).replace(/^ /, ''));
      if (line !== '' || data.length === 0) continue;
      yield data.join('\n');
      data = [];
    }
    const nChars = data.reduce((sum, { length }) => sum + length, rest.length);
    if (nChars > maxEventChars) throw new Error('one event is too long');
  }
  const last = rest.replace(/\r$/, '');
  if (last.startsWith('data:')) data.push(last.slice('data:'.length).replace(/^ /, ''));
  if (data.length > 0) yield data.join('\n'); // servers forget the last blank line
}

/** All of an answer that is no stream. Throws as {@link eventsOf}. */
export async function wholeText(body: AsyncIterable<Uint8Array>): Promise<string> {
  let whole = '';
  for await (const text of textsOf(body)) whole += text;
  return whole;
}

async function* textsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let nBytes = 0;
  for await (const chunk of body) {
    nBytes += chunk.length;
    if (nBytes > maxTotalBytes) throw new Error('its answer is too long');
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}
