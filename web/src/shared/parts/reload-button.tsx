/** Loads the page again, which leads through the sign-in of a proxy in front of the server. */
export function ReloadButton() {
  return (
    <button type="button" className="button" onClick={() => window.location.reload()}>
      Reload
    </button>
  );
}
