// Lucene: every field indexed as Elasticsearch's dynamic mapping would (text and keyword), the source stored.
import java.io.BufferedReader;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.BytesRef;

public class Lucene {
    static final int BULK = 5000, RUNS = 11;
    static String text;
    static int at;

    public static void main(String[] args) throws Exception {
        Path source = Path.of(args[1]), data = Path.of(args[2]);
        long size = Files.size(source), start = cpu(), lines = 0;
        try (FSDirectory folder = FSDirectory.open(data)) {
            IndexWriterConfig config = new IndexWriterConfig(new StandardAnalyzer());
            config.setRAMBufferSizeMB(64);
            try (IndexWriter writer = new IndexWriter(folder, config); BufferedReader in = Files.newBufferedReader(source)) {
                for (String line; (line = in.readLine()) != null; lines++) {
                    Document document = new Document();
                    document.add(new StoredField("_source", line));
                    text = line;
                    at = 0;
                    object(document, "");
                    writer.addDocument(document);
                }
                writer.commit();
            }
            double stored = (cpu() - start) / 1e9, raw = size / 1e6;
            long disk = Arrays.stream(new File(data.toString()).listFiles()).mapToLong(File::length).sum();
            System.out.printf("ingest: %.1f MB/s a core (%.2f CPU-s), %d lines%n", raw / stored, stored, lines);
            for (String line : Files.readAllLines(Path.of("/proc/self/status")))
                if (line.startsWith("VmHWM")) System.out.printf("peak memory %d MiB%n", Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024);
            System.out.printf("disk %.1f MB, %.2fx%n", disk / 1e6, (double) size / disk);
            try (IndexReader reader = DirectoryReader.open(folder)) {
                IndexSearcher searcher = new IndexSearcher(reader);
                Sort newest = new Sort(new SortField("@timestamp.sort", SortField.Type.LONG, true));
                ask("last 20 of status:failed", () -> searcher.search(new TermQuery(new Term("status.keyword", "failed")), 20, newest).scoreDocs.length);
                ask("absent word", () -> searcher.count(new TermQuery(new Term("message", "zanzibar"))));
            }
        }
    }

    interface Question { int ask() throws Exception; }

    static void ask(String name, Question question) throws Exception {
        double[] times = new double[RUNS];
        int found = 0;
        for (int i = 0; i < RUNS; i++) {
            long start = System.nanoTime();
            found = question.ask();
            times[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(times);
        System.out.printf("%s: %.2f ms, %d found%n", name, times[RUNS / 2], found);
    }

    static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    // Only the JSON that the bench makes: objects, texts, numbers and truths.
    static void object(Document document, String prefix) {
        at++;
        while (text.charAt(at) != '}') {
            if (text.charAt(at) == ',') at++;
            String name = prefix + string();
            at++;
            char c = text.charAt(at);
            if (c == '{') {
                object(document, name + ".");
            } else if (c == '"') {
                String value = string();
                if (name.equals("@timestamp")) {
                    long millis = java.time.Instant.parse(value).toEpochMilli();
                    document.add(new LongPoint(name, millis));
                    document.add(new NumericDocValuesField(name + ".sort", millis));
                } else {
                    document.add(new TextField(name, value, Field.Store.NO));
                    if (value.length() <= 256) {
                        document.add(new StringField(name + ".keyword", value, Field.Store.NO));
                        document.add(new SortedSetDocValuesField(name + ".keyword", new BytesRef(value)));
                    }
                }
            } else {
                int start = at;
                while (",}".indexOf(text.charAt(at)) < 0) at++;
                String value = text.substring(start, at);
                if (c == 't' || c == 'f') {
                    document.add(new StringField(name, value, Field.Store.NO));
                } else {
                    document.add(new LongPoint(name, Long.parseLong(value)));
                    document.add(new NumericDocValuesField(name, Long.parseLong(value)));
                }
            }
        }
        at++;
    }

    static String string() {
        int start = ++at;
        StringBuilder escaped = null;
        for (; text.charAt(at) != '"'; at++) {
            if (text.charAt(at) != '\\') continue;
            if (escaped == null) escaped = new StringBuilder();
            escaped.append(text, start, at++);
            char c = text.charAt(at);
            if (c == 'u') {
                escaped.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                at += 4;
            } else {
                escaped.append(switch (c) { case 'n' -> '\n'; case 't' -> '\t'; case 'r' -> '\r'; case 'b' -> '\b'; case 'f' -> '\f'; default -> c; });
            }
            start = at + 1;
        }
        String rest = text.substring(start, at++);
        return escaped == null ? rest : escaped.append(rest).toString();
    }
}
