import java.io.FileInputStream;
import java.nio.file.Path;
import org.mustangproject.validator.ZUGFeRDValidator;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** What Mustang's validator (Factur-X, EN 16931) and veraPDF, which it brings, say of each file: one line a verdict. */
public class Verdict {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String file : files) {
            archive(file, PDFAFlavour.PDFA_3_B, "PDF/A-3b");
            archive(file, PDFAFlavour.PDFUA_1, "PDF/UA-1");
            invoice(file);
        }
    }

    private static void archive(String file, PDFAFlavour flavour, String name) throws Exception {
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new FileInputStream(file), flavour)) {
            PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false);
            ValidationResult result = validator.validate(parser);
            tell(file, name, result.isCompliant(), "");
            for (TestAssertion found : result.getTestAssertions()) {
                tell(file, name, false, found.getRuleId().getClause() + " " + found.getMessage());
            }
        }
    }

    private static void invoice(String file) throws Exception {
        ZUGFeRDValidator validator = new ZUGFeRDValidator();
        validator.disableNotices();
        String report = validator.validate(file);
        tell(file, "Factur-X", validator.wasCompletelyValid(), "");
        // It calls a document valid whose metadata it finds faults with: each fault is a no.
        report.lines().filter(line -> line.contains("<error") || line.contains("<exception"))
            .forEach(line -> tell(file, "Factur-X", false, line.strip()));
    }

    private static void tell(String file, String by, boolean good, String why) {
        System.out.println(String.join("\t", "VERDICT", Path.of(file).getFileName().toString(), by, good ? "yes" : "no", why));
    }
}
