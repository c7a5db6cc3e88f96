/** Copies text; false: the browser refused. navigator.clipboard exists only on https and localhost, so http needs the fallback. */
export async function copyText(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Denied: execCommand may still be allowed.
    }
  }
  const copied = (event: ClipboardEvent): void => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", copied);
  try {
    return document.execCommand("copy");
  } finally {
    document.removeEventListener("copy", copied);
  }
}
