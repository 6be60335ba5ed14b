/** The trace panel's page: puts new requests in, and leaves open what the reader opened. */

const list = document.getElementById('requests');

window.addEventListener('message', ({ data }) => {
  if (typeof data?.html !== 'string') return;
  const isOpen = new Map([...list.querySelectorAll('details')].map((d) => [d.dataset.id, d.open]));
  const focused = document.activeElement?.closest?.('details')?.dataset.id;
  list.innerHTML = data.html; // escaped by the extension
  for (const details of list.querySelectorAll('details')) {
    if (isOpen.has(details.dataset.id)) details.open = isOpen.get(details.dataset.id);
    if (details.dataset.id === focused) details.querySelector('summary').focus();
  }
});
