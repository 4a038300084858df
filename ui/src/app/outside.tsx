/** What a browser shows that opens these files without Doorward behind them. */
export function Outside() {
  return (
    <main style={{ maxWidth: 480, margin: "20vh auto", padding: 24 }}>
      <h1>This page belongs to the Doorward window</h1>
      <p className="muted">It has nothing to show in a browser. Start Doorward, and open it from there.</p>
    </main>
  );
}
